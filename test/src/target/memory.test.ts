import fs from "node:fs";
import { expect, test } from "vitest";
import { Memory } from "../../../src/target/memory.ts";
import { temporaryDirectory } from "../../support/tree.ts";
import { fixture, parse } from "../config/parsing.ts";
import { path } from "../pending/changes.ts";
import { scriptedTarget } from "./scripted-threads.ts";

function remember(stateDirectory: string) {
  const { config } = parse(fixture("remarks.xml"));
  const [source] = config.sources;
  const [remote] = source?.remotes ?? [];
  if (source === undefined || remote === undefined)
    throw new TypeError("the fixture has no remote");
  const { target } = scriptedTarget();
  const tell = (warning: string) => expect.fail(warning);
  const memory = new Memory({ config, stateDirectory, tell });
  memory.keep({ source, remote, name: "backup", target, identity: () => undefined });
  const text = () =>
    fs
      .readdirSync(stateDirectory)
      .map((file) => fs.readFileSync(`${stateDirectory}/${file}`, "utf8"))
      .join("");
  return { memory, target, text };
}

test("an end while the start is under way has the last word", async () => {
  using directory = temporaryDirectory();
  const { memory, target, text } = remember(directory.path);
  const beginning = memory.begin();
  await Promise.resolve(); // its first record is being written
  target.add([path("f")]);
  await memory.close();
  await beginning;
  expect(text()).toContain('"clean":true');
  expect(text()).toContain('["f",');
});

test("a start that goes on after the end writes nothing", async () => {
  using directory = temporaryDirectory();
  const { memory, text } = remember(directory.path);
  await memory.close();
  await memory.begin();
  expect(text()).toBe("");
});
