import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/program.ts";
import { readVariables } from "../../src/cli/variables.ts";
import { type ElementRule, headRule } from "../../src/config/vocabulary.ts";
import { parameters } from "../../src/serve/parameters.ts";
import { countedSeries, lagMetric, targetSeries, watchSeries } from "../../src/status/series.ts";
import { inProject } from "../support/command.mjs";
import { temporaryDirectory } from "../support/tree.ts";

const english = readSections("docs/reference.md");
const chinese = readSections("docs/reference.zh-CN.md");

/** The text below each heading of the second level. */
function readSections(file: string): ReadonlyMap<string, string> {
  const parts = fs.readFileSync(inProject(file), "utf8").split(/^## /m).slice(1);
  return new Map(parts.map((part) => [part.split("\n", 1)[0] ?? "", part]));
}

/** The rows of all tables in a text, without heads; marks of code are taken off. */
function rows(text = ""): string[][] {
  const lines = text.split("\n");
  return lines
    .filter((line, i) => line.startsWith("| ") && !lines[i + 1]?.startsWith("|---"))
    .map((line) => line.slice(1, -1).split(/(?<!\\)\|/))
    .map((cells) =>
      cells.map((cell) =>
        cell
          .trim()
          .replaceAll("\\|", "|")
          .replace(/^`(.*)`$/, "$1"),
      ),
    );
}

function* attributes(rule: ElementRule, place = ""): Generator<[string, string | undefined]> {
  for (const [name, { fallback }] of Object.entries(rule.attributes)) {
    yield [`${place} ${name}`.trim(), fallback];
  }
  for (const [name, child] of Object.entries(rule.children)) {
    yield* attributes(child, place === "" ? name : `${place}/${name}`);
  }
}

describe.each([
  ["English", english, "Elements of confxml.xml", { needed: "needed", empty: "empty" }],
  ["Chinese", chinese, "配置文件的元素", { needed: "必填", empty: "空" }],
] as const)("the elements, in %s", (_, sections, title, words) => {
  const told = rows(sections.get(title));
  const known = [...attributes(headRule)];

  test("are all of those that are read, in their order", () => {
    expect(told.map(([name]) => name)).toEqual(known.map(([name]) => name));
  });

  test("have their defaults and a meaning", () => {
    expect(told.filter(([, , meaning = ""]) => meaning === "")).toEqual([]);
    const wanted = known.map(([, fallback], i) => {
      const shown = told[i]?.[1] ?? "";
      // What an empty value stands for is known to others, and may be told.
      if (fallback === "") return /^\d+$/.test(shown) ? shown : words.empty;
      return fallback ?? words.needed;
    });
    expect(told.map(([, shown]) => shown)).toEqual(wanted);
  });
});

function help(...words: string[]): string {
  const command = parseCommandLine([...words, "--help", "--lang", "en"], {
    version: "1",
    environment: {},
  });
  return command.kind === "text" ? command.text : "";
}

describe("the commands", () => {
  const parts = (english.get("Commands") ?? "").split(/^### sersync/m).slice(1);
  const nameOf = (part: string): string => /^ ([a-z][a-z-]*)/.exec(part)?.[1] ?? "";
  const known = [...help().matchAll(/^ {2}([a-z][a-z-]*)(?: \[| {2,})/gm)].map(([, name]) => name);

  test("are all there", () => {
    expect(new Set(parts.map(nameOf))).toEqual(new Set(["", ...known]));
  });

  test.each(parts.map((part) => [nameOf(part), part]))(
    "sersync %s has its options",
    (name, part) => {
      const flags = (text: string): string[] => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];
      const options = help(...(name === "" ? [] : [name])).split(/^Options:$/m)[1] ?? "";
      const wanted = new Set(options.match(/(?<=^ {2}(?:-\w, )?)--[a-z-]+/gm) ?? []);
      wanted.delete("--help");
      const told = rows(part).flatMap(([option = ""]) => flags(option));
      expect(told.sort()).toEqual([...wanted].sort());
    },
  );
});

describe("every metric is told, with its kind and labels", () => {
  const series = [
    ...targetSeries.map((each) => ({ ...each, labels: "watch, target" })),
    ...watchSeries.map((each) => ({ ...each, labels: "watch" })),
  ].map(({ name, kind, labels, help: meaning }) => [name, kind, labels, meaning]);
  for (const { name, help: meaning, label } of countedSeries) {
    const labels = ["watch", "target", ...(label === undefined ? [] : [label])].join(", ");
    series.push([name, "counter", labels, meaning]);
  }
  series.push([lagMetric, "histogram", "watch, target", "From a change to its acknowledgement"]);

  test("and its help, in English", () => {
    expect(rows(english.get("Metrics"))).toEqual(series);
  });

  test("and a meaning, in Chinese", () => {
    const told = rows(chinese.get("指标"));
    expect(told.map((row) => row.slice(0, 3))).toEqual(series.map((row) => row.slice(0, 3)));
    expect(told.filter(([, , , meaning]) => !/\p{Script=Han}/u.test(meaning ?? ""))).toEqual([]);
  });
});

/** By these the program tells itself what it is. */
const internal = new Set(["SERSYNC_IN_BACKGROUND", "SERSYNC_BACKGROUND_LOG"]);

test("every variable that the sources name is told", () => {
  const files = fs.readdirSync(inProject("src"), { recursive: true, encoding: "utf8" });
  const text = files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => fs.readFileSync(inProject("src", file), "utf8"))
    .join("\n");
  const named = new Set(text.match(/\bSERSYNC_[A-Z_]*[A-Z]\b/g));
  const told = rows(english.get("Variables")).map(([name]) => name);
  expect(new Set([...named].filter((name) => !internal.has(name)))).toEqual(new Set(told));
  expect(told.slice(0, readVariables.length)).toEqual(readVariables);
  expect(rows(chinese.get("变量")).map(([name]) => name)).toEqual(told);
});

describe("the parameters of rsyncd.conf", () => {
  const told = (sections: ReadonlyMap<string, string>, title: string): string[] =>
    rows(sections.get(title)).flatMap(([names = ""]) =>
      names.split(",").map((name) => name.replaceAll("`", "").trim()),
    );

  test.each([
    ["English", english, "Parameters of rsyncd.conf"],
    ["Chinese", chinese, "rsyncd.conf 的参数"],
  ] as const)("are all told, in %s", (_, sections, title) => {
    const known = Array.from(parameters.values(), (each) => each.title);
    expect(told(sections, title).sort()).toEqual(known.sort());
  });
});

test("both languages know the same troubles", () => {
  const count = (text = ""): number => text.match(/^### /gm)?.length ?? 0;
  expect(count(chinese.get("故障排除"))).toBe(count(english.get("Troubleshooting")));
});

describe("the man pages", () => {
  const pages = ["sersync.8", "sersync-confxml.5"];

  test("are what packaging/build/man.mjs makes of the reference, and are in the package", () => {
    using made = temporaryDirectory();
    spawnSync(process.execPath, [inProject("packaging/build/man.mjs"), made.path]);
    const read = (directory: string): string[] =>
      pages.map((page) => fs.readFileSync(path.join(directory, page), "utf8"));
    expect(read(inProject("man"))).toEqual(read(made.path));
    const { man } = JSON.parse(fs.readFileSync(inProject("package.json"), "utf8")) as {
      readonly man: readonly string[];
    };
    expect(man).toEqual(pages.map((page) => `./man/${page}`));
  });

  const hasGroff = spawnSync("groff", ["--version"]).status === 0;
  test.skipIf(!hasGroff).each(pages)("%s is rendered without a warning", (page) => {
    const argv = ["-man", "-ww", "-t", "-Tutf8", inProject("man", page)];
    const { stdout, stderr } = spawnSync("groff", argv, { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).not.toMatch(/`|\*\*|\]\(/);
  });
});
