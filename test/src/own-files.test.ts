import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { asBytePath, pathFromText } from "../../protocol/index.ts";
import { compileRules } from "../../src/filter/rules.ts";
import { leaveOutOwn } from "../../src/own-files.ts";
import { recordFile } from "../../src/state/directory.ts";
import { temporaryDirectory } from "../support/tree.ts";

const everything = { builtin: false, expressions: [], patterns: [] };

test("what this program writes in a watched directory is left out, and nothing else", () => {
  using directory = temporaryDirectory();
  const watch = `${fs.realpathSync(directory.path)}/data`;
  fs.mkdirSync(`${watch}/logs`, { recursive: true });
  fs.symlinkSync(watch, `${directory.path}/link`);
  const stateDirectory = `${directory.path}/link/sta[te`; // not there yet, and behind a link
  const files = [`${watch}/logs/日志`, `${directory.path}/database`, watch];
  const { filter, leftOut } = leaveOutOwn(everything, pathFromText(watch), {
    stateDirectory,
    files,
  });
  expect(leftOut).toEqual(["sta[te", pathFromText("logs/日志")]);
  const rules = compileRules(filter);
  const own = ["sta[te", "sta[te/record.jsonl", pathFromText("logs/日志")];
  const others = ["logs", "logs/other", "below/sta[te", "state", "database"];
  for (const each of own) {
    expect([each, rules.excluded(asBytePath(each), false)]).toEqual([each, true]);
  }
  for (const each of others) {
    expect([each, rules.excluded(asBytePath(each), true)]).toEqual([each, false]);
  }
});

test.each(["", "of *others\\"])(
  "others' files beside the state in %j are not left out",
  (place) => {
    using directory = temporaryDirectory();
    const watch = fs.realpathSync(directory.path);
    const stateDirectory = path.join(watch, place);
    fs.mkdirSync(stateDirectory, { recursive: true });
    if (place !== "") fs.writeFileSync(path.join(stateDirectory, "index.html"), "");
    const { filter, leftOut } = leaveOutOwn(everything, watch, { stateDirectory, files: [] });
    expect(leftOut).toEqual([path.join(place, "*.jsonl")]);
    const rules = compileRules(filter);
    const record = recordFile(place, "/data", "host:873::m");
    for (const own of [record, `${record}.17-4.new`]) {
      expect([own, rules.excluded(asBytePath(own), false)]).toEqual([own, true]);
    }
    for (const name of ["index.html", "data.jsonl", `below/${path.basename(record)}`]) {
      expect([name, rules.excluded(asBytePath(path.join(place, name)), false)]).toEqual([
        name,
        false,
      ]);
    }
  },
);

test("below the root directory, too", () => {
  const { leftOut } = leaveOutOwn(everything, "/", { files: ["/var-of-nobody/state"] });
  expect(leftOut).toEqual(["var-of-nobody/state"]);
});
