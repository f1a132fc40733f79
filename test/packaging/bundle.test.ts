import fs from "node:fs";
import { expect, test } from "vitest";
import { inProject } from "../support/command.mjs";

// How long the program takes to start depends on how much is read before it knows what to do; times
// would depend on the machine.

interface Read {
  readonly bytes: number;
  readonly files: readonly string[];
  /** Modules of Node. */
  readonly builtins: ReadonlySet<string>;
}

/** What a file of the bundle and all that it imports at its top read. */
function readAtTop(entry: string): Read {
  const files = new Set([entry]);
  const builtins = new Set<string>();
  let bytes = 0;
  for (const file of files) {
    const text = fs.readFileSync(inProject("dist/bin", file), "utf8");
    bytes += text.length;
    for (const [, from = ""] of text.matchAll(
      /^(?:import|\} from|export .* from) ?.*?"([^"]+)";$/gm,
    )) {
      if (from.startsWith("./")) files.add(from.slice(2));
      else builtins.add(from);
    }
  }
  return { bytes, files: [...files], builtins };
}

const main = fs.readFileSync(inProject("dist/bin/sersync.js"), "utf8");

/** The part that `main.ts` reads for something it needs by and by. */
function partOf(name: string): string {
  const found = new RegExp(`\\b${name}\\b[^;]*import\\("\\./([^"]+)"\\)`).exec(main);
  const other = new RegExp(`import\\("\\./([^"]+)"\\)\\)\\.${name}\\b`).exec(main);
  const part = (found ?? other)?.[1];
  if (part === undefined) throw new Error(`dist/bin/sersync.js does not import ${name}`);
  return part;
}

test("the program knows its version before it reads anything else", () => {
  const { bytes, builtins } = readAtTop("sersync.js");
  expect(bytes).toBeLessThan(20_000);
  expect([...builtins].sort()).toEqual(["node:child_process", "node:fs", "node:os", "node:path"]);
});

test("the command line is understood without the protocol, the watcher and the page", () => {
  const { bytes, files, builtins } = readAtTop(partOf("parseCommandLine"));
  expect(bytes).toBeLessThan(300_000);
  expect(files.length).toBeLessThan(20);
  for (const late of ["node:http", "node:zlib", "node:worker_threads", "node:dns/promises"]) {
    expect([...builtins]).not.toContain(late);
  }
});

test("a running program is asked without reading what it runs", () => {
  expect(readAtTop(partOf("runControl")).bytes).toBeLessThan(60_000);
});

test("what serves the metrics is read when there is a page, not before", () => {
  const { files } = readAtTop(partOf("runMirror"));
  const text = files.map((file) => fs.readFileSync(inProject("dist/bin", file), "utf8")).join("");
  expect(text).toContain("status page:");
  expect(text).not.toContain("node_modules/prom-client");
});
