import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { formatJournal, type JournalEntry } from "../../../src/journal/entry.ts";
import { Journal } from "../../../src/journal/journal.ts";
import { temporaryDirectory } from "../../support/tree.ts";

function entry(path: string, reason = "refused"): JournalEntry {
  const command = `cd /data && rsync -a -R './${path}' host::module`;
  const at = asBytePath(path);
  return { path: at, whole: false, target: "host::module", since: 0, attempts: 4, reason, command };
}

test("whatever is in a name or in a daemon's words, a journal that is run does nothing", () => {
  using directory = temporaryDirectory();
  const evil = "x\ntouch ran\n$(touch ran)`touch ran`";
  const text = [...formatJournal([entry(evil, `no\ntouch ran\r`)])].join("\n");
  fs.writeFileSync(`${directory.path}/fail.log`, text);
  const ran = spawnSync("sh", ["fail.log"], { cwd: directory.path });
  expect(ran.status).toBe(0);
  expect(fs.readdirSync(directory.path)).toEqual(["fail.log"]);
});

test("a daemon's words stand in it as they are, in any script", () => {
  const text = [...formatJournal([entry("f", 'cannot receive "数据.txt"')])].join("\n");
  expect(text).toContain('f: cannot receive "数据.txt"');
});

test("two configurations that name one file both stand in it", async () => {
  using directory = temporaryDirectory();
  const file = `${directory.path}/fail.log`;
  let second: JournalEntry[] = [entry("b")];
  const told: string[] = [];
  const journals = [() => [entry("a")], () => second].map((entries) => {
    const journal = new Journal(file, entries, (warning) => told.push(warning));
    expect(journal.inherit()).toEqual({ failures: [], message: undefined });
    journal.open();
    return journal;
  });
  await journals[0]?.write();
  expect(fs.readFileSync(file, "utf8")).toMatch(/ {2}a: refused[\s\S]* {2}b: refused/);
  second = [];
  await journals[1]?.write();
  expect(fs.readFileSync(file, "utf8")).not.toContain("b: refused");
  for (const journal of journals) journal.close();
  expect(told).toEqual([]);
});

test("nothing is written while there is nothing to tell", async () => {
  using directory = temporaryDirectory();
  const journal = new Journal(
    `${directory.path}/fail.log`,
    () => [],
    () => {},
  );
  journal.open();
  await journal.write();
  journal.close();
  expect(fs.readdirSync(directory.path)).toEqual([]);
});

test("a link in its place is neither followed nor replaced", async () => {
  using directory = temporaryDirectory();
  const file = `${directory.path}/fail.log`;
  fs.writeFileSync(`${directory.path}/precious`, "precious");
  fs.symlinkSync("precious", file);
  const journal = new Journal(
    file,
    () => [entry("a")],
    () => {},
  );
  expect(journal.inherit().message).toContain("is no regular file");
  journal.open();
  await journal.write();
  journal.close();
  expect(fs.readFileSync(`${directory.path}/precious`, "utf8")).toBe("precious");
  expect(fs.readFileSync(`${file}.journal`, "utf8")).toContain("a: refused");
});
