import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { Module } from "node:module";
import { Script } from "node:vm";
import { expect, test } from "vitest";
import { inProject } from "../support/command.mjs";
import { temporaryDirectory } from "../support/tree.ts";

// How long the program takes to start depends on how much is read before it knows what to do; times
// would depend on the machine.

const folder = inProject("dist/bin");

function textOf(file: string): string {
  return fs.readFileSync(`${folder}/${file}`, "utf8");
}

/** What a file of the bundle names in `require`, whether it reads that at once or by and by. */
function requiredBy(file: string): readonly string[] {
  const found = [...textOf(file).matchAll(/\b(?:__)?require\("([^"]+)"\)/g)];
  return [...new Set(found.map(([, name = ""]) => name))].sort();
}

test("what is read by and by is there, and nothing else lies about", () => {
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(".js"));
  const reached = new Set(["sersync.js"]);
  for (const file of reached) {
    const started = [...textOf(file).matchAll(/new URL\("(\.\/[\w-]+\.js)"/g)];
    for (const name of [...requiredBy(file), ...started.map(([, name = ""]) => name)]) {
      if (name.startsWith("./")) reached.add(name.slice(2));
    }
  }
  expect(names.sort()).toEqual([...reached].sort());
});

test("a reader that goes away early is no fault", async () => {
  const program = spawn(process.execPath, [`${folder}/sersync.js`, "--help"]);
  program.stdout.destroy();
  const complaints = program.stderr.setEncoding("utf8").toArray();
  expect(await once(program, "close")).toEqual([0, null]);
  expect((await complaints).join("")).toBe("");
});

test.each([
  ["status -o /none.xml --json", 1],
  ["push --help", 13],
])("a disk that is full is told, without a trace: %s", (words, exitCode) => {
  const full = fs.openSync("/dev/full", "w");
  const { status, stderr } = spawnSync(
    process.execPath,
    [`${folder}/sersync.js`, ...words.split(" ")],
    { encoding: "utf8", stdio: ["ignore", full, "pipe"] },
  );
  fs.closeSync(full);
  expect([status, stderr]).toEqual([
    exitCode,
    "sersync: cannot write the output: ENOSPC: no space left on device, write\n",
  ]);
});

test("the program knows its version before it reads anything else", () => {
  expect(textOf("sersync.js").length).toBeLessThan(20_000);
  expect(requiredBy("sersync.js").filter((name) => !name.startsWith("./cli-"))).toEqual([
    "./compiled.js",
    "node:fs",
    "node:url",
  ]);
  expect(requiredBy("cli-starter.js")).toEqual(["node:url"]);
});

test.each([
  ["cli-program.js", 150_000, []],
  ["cli-transfer-line.js", 100_000, ["node:fs", "node:path"]],
  ["cli-control.js", 30_000, ["node:crypto", "node:fs", "node:net", "node:os", "node:path"]],
  ["cli-health.js", 5_000, []],
])("%s is below %i bytes, and needs little of Node", (file, most, builtins) => {
  expect(textOf(file).length).toBeLessThan(most);
  const cheap = ["node:url", "node:timers/promises", "node:events"];
  const named = requiredBy(file).filter((name) => name.startsWith("node:"));
  const commander = ["node:child_process", "node:fs", "node:path", "node:process"];
  const expected = new Set([
    ...builtins,
    ...cheap,
    ...(file === "cli-program.js" ? commander : []),
  ]);
  expect(named.filter((name) => !expected.has(name))).toEqual([]);
});

test("a configuration is checked without what talks to others", () => {
  expect(textOf("cli-answer.js").length).toBeLessThan(300_000);
  for (const late of [
    "node:tls",
    "node:crypto",
    "node:http",
    "node:zlib",
    "node:readline/promises",
  ]) {
    expect(requiredBy("cli-answer.js")).not.toContain(late);
  }
});

test("what is read by and by is there as V8 compiles it, and V8 takes that", () => {
  const compiled = fs.readdirSync(folder).filter((name) => name.endsWith(".cache"));
  expect(compiled).toEqual(expect.arrayContaining(["cli-push-run.cache", "push-thread.cache"]));
  for (const name of compiled) {
    const text = textOf(name.replace(/cache$/, "js"));
    const source = Module.wrap(text);
    const cachedData = fs.readFileSync(`${folder}/${name}`).subarray(8, -Buffer.byteLength(text));
    const script = new Script(source, { cachedData });
    expect([name, script.cachedDataRejected]).toEqual([name, false]);
    expect(source).not.toMatch(/\bimport\(/); // nobody would load what that asks for
  }
});

test("a V8 that wants it otherwise compiles for itself", () => {
  const argv = ["--no-opt", `${folder}/sersync.js`, "push", "--help"];
  const { status, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});

/** A copy of the bundle in which one file is another, beside the cache as it was. */
function changed(file: string, change: (bytes: Buffer) => Buffer) {
  const copy = temporaryDirectory();
  const place = `${copy.path}/dist/bin`;
  fs.cpSync(folder, place, { recursive: true });
  fs.copyFileSync(inProject("package.json"), `${copy.path}/package.json`);
  fs.writeFileSync(`${place}/${file}`, change(fs.readFileSync(`${folder}/${file}`)));
  const run = (...words: string[]) =>
    spawnSync(process.execPath, [`${place}/sersync.js`, ...words], { encoding: "utf8" });
  return { run, [Symbol.dispose]: () => copy[Symbol.dispose]() };
}

test("what was compiled of another source of that length is not run in its place", () => {
  const edit = (bytes: Buffer) =>
    Buffer.from(bytes.toString("latin1").replace("it does not run", "it has its rest"), "latin1");
  using copy = changed("cli-control.js", edit);
  const { status, stderr } = copy.run("status", "-o", "/none.xml");
  expect([status, stderr]).toEqual([
    3,
    "sersync: /none.xml: it has its rest, and there is no such file\n",
  ]);
});

test.each([
  ["cut short", (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)],
  ["empty", () => Buffer.alloc(0)],
  ["never written to the disk", (bytes: Buffer) => Buffer.from(bytes).fill(0, 8_192, 12_288)],
])("a cache that is %s costs time, and nothing else", (_, spoil) => {
  using copy = changed("cli-program.cache", spoil);
  const { status, stderr } = copy.run("status", "-o", "/none.xml");
  expect([status, stderr]).toEqual([
    3,
    "sersync: /none.xml: it does not run, and there is no such file\n",
  ]);
});
