import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pathFromText } from "../../../protocol/index.ts";
import { compileRules } from "../../../src/filter/rules.ts";

const directories = ["a", "a/b", "a/b/c", "b", "c", "c/a", "c/a/b", "ab", "a[b"];
const files = ["a.o", "a/a.o", "a/b/a.o", "b/x", "c/ab", "c/a/b/b", "ab/c", "a[b/a*", "x\\y", "bb"];
const withoutRsync = spawnSync("rsync", ["--version"]).status !== 0;

describe.skipIf(withoutRsync)("beside the stock rsync", () => {
  let root = "";
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "sersync-pattern-"));
    for (const directory of directories) mkdirSync(join(root, directory));
    for (const file of files) writeFileSync(join(root, file), "");
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** What rsync leaves in its list under these options. */
  function listed(options: readonly string[]): string[] {
    const args = ["-r", "--list-only", "-8", "--out-format=%n", ...options, `${root}/`];
    const { stdout, status, stderr } = spawnSync("rsync", args, { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const names = stdout.split("\n").map((line) => line.replace(/^(?:\S+\s+){4}/, ""));
    return names.filter((name) => name !== "" && name !== ".").toSorted();
  }

  /** What our rules leave. */
  function kept(patterns: { include: boolean; pattern: string }[]): string[] {
    const rules = compileRules({ expressions: [], patterns, builtin: false });
    return [
      ...directories.filter((path) => !rules.excluded(pathFromText(path), true)),
      ...files.filter((path) => !rules.excluded(pathFromText(path), false)),
    ].toSorted();
  }

  const piece = fc.constantFrom(
    "a",
    "b",
    "c",
    "*",
    "**",
    "?",
    "[ab]",
    "[!a]",
    "/",
    ".o",
    "\\",
    "x",
  );
  const pattern = fc
    .tuple(
      fc.constantFrom("", "/"),
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("", "/", "/***"),
    )
    .map(([start, middle, end]) => start + middle.join("") + end)
    .filter((text) => !/\/\/|^\/*$|\\$|\\[/*]/.test(text));
  const rule = fc.record({ include: fc.boolean(), pattern });

  test("the same names are left over", () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), (rules) => {
        const options = rules.map(
          ({ include, pattern: text }) => `--${include ? "in" : "ex"}clude=${text}`,
        );
        expect(kept(rules)).toEqual(listed(options));
      }),
      { seed: 20261122, numRuns: 60 },
    );
  });
});
