import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Command, PrintCommand } from "../../../src/cli/command.ts";
import { printChanges } from "../../../src/cli/print.ts";
import { parseCommandLine } from "../../../src/cli/program.ts";

function parse(...words: string[]): Command {
  return parseCommandLine(words, { version: "1", environment: {} });
}

function printCommand(...words: string[]): PrintCommand {
  const command = parse("watch", ...words, "--print");
  if (command.kind !== "print") throw new TypeError(JSON.stringify(command));
  return command;
}

function temporaryDirectory(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "sersync-print-")));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Starts printing; ends with the test. */
function start(command: PrintCommand) {
  let stop: () => void = () => {};
  const until = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const lines: string[] = [];
  const done = printChanges(command, { write: (line) => lines.push(line.trimEnd()), until });
  onTestFinished(async () => {
    stop();
    await done;
  });
  /** Without the time. */
  const texts = (): string[] => lines.map((line) => line.replace(/^[\d:.]{12} /, ""));
  const says = (text: string) => expect.poll(texts).toContainEqual(expect.stringContaining(text));
  return { lines, texts, says };
}

test("each change is a line: what it is, where, and why it counts", async () => {
  const root = temporaryDirectory();
  mkdirSync(join(root, "d"));
  const { texts, says } = start(printCommand(root, "--exclude", "*.tmp"));
  await says(`watching  Watching ${root}: 2 directories`);
  writeFileSync(join(root, "left-out.tmp"), "");
  writeFileSync(join(root, "d/f"), "four");
  await says("file      d/f (4 bytes)");
  renameSync(join(root, "d"), join(root, "e"));
  await says("renamed   d -> e, with everything below");
  rmSync(join(root, "e/f"));
  await says("gone      e/f: deleted or moved away");
  mkdirSync(join(root, "n"));
  await says("tree      n: new, moved here or looked at again; everything below it is compared");
  writeFileSync(Buffer.from(`${root}/\xff`, "latin1"), "");
  await says("file      \\#377 (0 bytes)");
  expect(texts()[0]).toBe(
    "settings  delete, createFolder, closeWrite, moveFrom, moveTo, attrib counts; 1 filter rule",
  );
  expect(texts().filter((line) => line.includes("left-out"))).toEqual([]);
});

test("a configuration's switches and filter decide, for its directories or the one given", async () => {
  const [root, other] = [temporaryDirectory(), temporaryDirectory()];
  const file = join(temporaryDirectory(), "confxml.xml");
  writeFileSync(
    file,
    `<head version="2.5"><filter start="true"><exclude expression="(.*)\\.log"/></filter>
     <inotify><delete start="false"/></inotify>
     <sersync><localpath watch="${root}"><remote ip="127.0.0.1" name="m"/></localpath></sersync></head>`,
  );
  const ofFile = start(printCommand("-o", file, "--json"));
  const ofOther = start(printCommand(other, "-o", file));
  await ofOther.says(`Watching ${other}`);
  await ofFile.says(`Watching ${root}`);
  for (const directory of [root, other]) {
    writeFileSync(join(directory, "x.log"), "");
    writeFileSync(join(directory, "gone"), "");
    rmSync(join(directory, "gone"));
    writeFileSync(join(directory, "last"), "");
  }
  await ofOther.says("file      last (0 bytes)");
  await ofFile.says('"path":"last"');
  const told = ofFile.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.at(-1)).toEqual({
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    watch: root,
    what: "file",
    path: "last",
    is: "file",
    size: 0,
  });
  expect(told.filter(({ path }) => path === "x.log")).toEqual([]);
});

test("a directory that is missing is a mistake, or is waited for", async () => {
  const root = join(temporaryDirectory(), "later");
  const options = { write: () => {}, until: Promise.resolve() };
  await expect(printChanges(printCommand(root), options)).rejects.toThrow("or wait for it");
  const { says } = start(printCommand(root, "--wait"));
  await says("missing   Cannot watch");
  mkdirSync(root);
  await says("tree      .: everything is compared");
});

test.each([
  [["watch", "--print"], "the directory to watch is missing"],
  [["watch", "/d", "rsync://h/m", "-o", "x"], "-o and --json go with --print"],
  [["watch", "/d", "--print", "--poll-interval", "0"], "a number from 1 to 999999"],
])("%j is refused", (words, said) => {
  expect(parse(...words)).toMatchObject({ text: expect.stringContaining(said), exitCode: 1 });
});
