import fs from "node:fs";
import { expect, test } from "vitest";
import { asBytePath, pathFromText } from "../../protocol/index.ts";
import { compileRules } from "../../src/filter/rules.ts";
import { leaveOutOwn } from "../../src/own-files.ts";
import { temporaryDirectory } from "../support/tree.ts";

const everything = { builtin: false, expressions: [], patterns: [] };

test("what this program writes in a watched directory is left out, and nothing else", () => {
  using directory = temporaryDirectory();
  const watch = `${fs.realpathSync(directory.path)}/data`;
  fs.mkdirSync(`${watch}/logs`, { recursive: true });
  fs.symlinkSync(watch, `${directory.path}/link`);
  const files = [
    `${directory.path}/link/sta[te`, // not there yet, and behind a link
    `${watch}/logs/日志`,
    `${directory.path}/database`,
    watch,
  ];
  const { filter, leftOut } = leaveOutOwn(everything, pathFromText(watch), files);
  expect(leftOut).toEqual(["sta[te", pathFromText("logs/日志")]);
  const rules = compileRules(filter);
  const own = ["sta[te", "sta[te/record.jsonl", pathFromText("logs/日志")];
  const others = ["logs", "logs/other", "below/sta[te", "state", "database"];
  for (const path of own)
    expect([path, rules.excluded(asBytePath(path), false)]).toEqual([path, true]);
  for (const path of others) {
    expect([path, rules.excluded(asBytePath(path), true)]).toEqual([path, false]);
  }
});

test("below the root directory, too", () => {
  const { leftOut } = leaveOutOwn(everything, "/", ["/var-of-nobody/state"]);
  expect(leftOut).toEqual(["var-of-nobody/state"]);
});
