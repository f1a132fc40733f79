import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { FilterRules } from "../../../protocol/flist/filter.ts";
import { parsePatternRule } from "../../../protocol/flist/filter-rule.ts";
import { push } from "../../../protocol/index.ts";
import { encoded } from "../../../protocol/wire/writer.ts";
import { HostileClient } from "../../support/hostile-client.ts";
import { serveModule } from "../../support/served.ts";
import { makeTree } from "../../support/tree.ts";

const hiding = new FilterRules();
hiding.add(parsePatternRule("exclude", "/hidden"));
const secret = "what-nobody-may-see";

function rules(...texts: readonly string[]): Uint8Array {
  return encoded((to) => {
    for (const text of texts) {
      to.int32(text.length);
      to.latin1(text);
    }
    to.int32(0);
  });
}

test.each([
  [["--suffix", ".", "--delete"]],
  [["--info", ".", "--delete-after"]],
  [["--del"]],
  [["--sender", "--remove-sent-files"]],
  [["--delete-excluded"]],
])("%j: what is refused stays refused, however it is said", async (words) => {
  await using served = await serveModule({ refuseOptions: ["delete"] });
  await using client = await HostileClient.enter(served.port, [
    "--server",
    "-r",
    ...words,
    ".",
    "m/",
  ]);
  expect(await client.end()).toContain("refuse");
});

test.each([
  ["a list of names", ["--files-from=hidden", ".", "m/"], rules()],
  ["rules of every directory", [".", "m/"], rules(": hidden")],
])("a hidden file is not read as %s", async (_, words, said) => {
  await using served = await serveModule({ filter: hiding });
  fs.writeFileSync(path.join(served.path, "hidden"), `${secret}\n`);
  fs.writeFileSync(path.join(served.path, "seen"), "");
  const asked = ["--server", "--sender", "-r", "--timeout=1", ...words];
  await using client = await HostileClient.enter(served.port, asked);
  client.data(said);
  expect(await client.end()).not.toContain(secret);
  expect(JSON.stringify(served.events)).not.toContain(secret);
});

test("no rule of a file in a module that may only be written is told", async () => {
  await using served = await serveModule({ writeOnly: true });
  fs.writeFileSync(path.join(served.path, "rules"), `${secret}\n`);
  fs.writeFileSync(path.join(served.path, "gone"), "");
  const asked = ["--server", "-r", "--delete", "--timeout=1", ".", "m/"];
  await using client = await HostileClient.enter(served.port, asked);
  client.data(rules(": rules"));
  client.data("\x01\x01.\x00\x00\x10\x00\x00\x00\x00\xed\x41\x00\x00\x00");
  expect(await client.end()).not.toContain(secret);
});

test.each([
  ["a fuzzy basis", { fuzzy: true }, "secret", "secret2"],
  [
    "an alternate fuzzy basis",
    { fuzzy: true, alternate: { how: "copy", directories: ["../hidden"] } },
    "secret",
    "secret2",
  ],
] as const)("what is hidden is not %s", async (_, transfer, hidden, name) => {
  const filter = new FilterRules();
  for (const rule of ["/secret", "/hidden/"]) filter.add(parsePatternRule("exclude", rule));
  await using served = await serveModule({ filter });
  const content = secret.repeat(500);
  makeTree(served.path, { [hidden]: content });
  makeTree(served.here, { [name]: content });
  const url = `rsync://127.0.0.1:${served.port}/m/`;
  const { totals } = await push(served.here, url, { transfer: { recursive: true, ...transfer } });
  expect(totals).toMatchObject({ matchedBytes: 0 });
  expect(fs.readFileSync(path.join(served.path, name), "utf8")).toBe(content);
});

test.each([
  ["--suffix", { backup: true, suffix: ".key" }, 23],
  ["--backup-dir", { backup: true, backupDir: "/hidden" }, 1],
  ["--backup-dir of visible and hidden names", { backup: true, backupDir: "kept" }, 23],
  ["--backup-dir behind a link", { backup: true, backupDir: "link" }, 23],
  ["--partial-dir", { partialDir: "hidden" }, 1],
  ["--partial-dir with hidden names", { partialDir: "kept", delayUpdates: true }, 23],
  ["--temp-dir", { tempDir: "hidden" }, 1],
  ["--temp-dir behind a link", { tempDir: "link" }, 1],
] as const)("%s: nothing hidden is written, made or removed", async (_, transfer, exitCode) => {
  const filter = new FilterRules();
  for (const rule of ["*.key", "/hidden/", "/kept/file", ".*"]) {
    filter.add(parsePatternRule("exclude", rule));
  }
  await using served = await serveModule({ filter });
  makeTree(served.path, {
    file: "older",
    "file.key": secret,
    "hidden/file": secret,
    "kept/file": secret,
    link: { type: "symlink", target: "hidden" },
  });
  makeTree(served.here, { file: "new", other: "other" });
  const hidden = ["file.key", "hidden/file", "kept/file"];
  const before = hidden.map((name) => fs.statSync(path.join(served.path, name)).mtimeMs);
  const url = `rsync://127.0.0.1:${served.port}/m/`;
  const ran = push(served.here, url, {
    transfer: { recursive: true, ignoreTimes: true, ...transfer },
  });
  const code = await ran.then(
    (result) => result.exitCode,
    (error) => error.exitCode,
  );
  expect(code).toBe(exitCode);
  for (const [at, name] of hidden.entries()) {
    const file = path.join(served.path, name);
    expect(fs.readFileSync(file, "utf8")).toBe(secret);
    expect(fs.statSync(file).mtimeMs).toBe(before[at]);
  }
  expect(fs.readFileSync(path.join(served.path, "file"), "utf8")).toBe("older");
  expect(fs.readdirSync(path.join(served.path, "hidden"))).toEqual(["file"]);
});
