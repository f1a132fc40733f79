import { expect, test } from "vitest";
import { projectRoot } from "./support/command.mjs";
import {
  filesInCircles,
  importsOf,
  layers,
  layerViolations,
  readSources,
  roomsInCircles,
} from "./support/layers.ts";

test("no import in protocol/ and src/ points up, and what is pure stays pure", () => {
  const sources = readSources(projectRoot, Object.keys(layers));
  expect(Object.keys(sources)).toContain("protocol/errors.ts");
  expect(layerViolations(sources)).toEqual([]);
});

test("nothing in protocol/ and src/ imports each other in a circle", () => {
  const sources = readSources(projectRoot, Object.keys(layers));
  expect(filesInCircles(sources)).toEqual([]);
  expect(roomsInCircles(sources)).toEqual([]);
});

test("a circle is found, also one of types alone, and one that no file closes", () => {
  const files = {
    "src/above.ts": 'import { a } from "./a.ts";',
    "src/a.ts": 'import type { B } from "./b/b.ts";',
    "src/b/b.ts": 'export * from "./c.ts";',
    "src/b/c.ts": 'import { a } from "../a.ts";\nimport { d } from "../d.ts";',
    "src/d.ts": "",
  };
  expect(filesInCircles(files)).toEqual(["src/a.ts", "src/b/b.ts", "src/b/c.ts"]);
  expect(roomsInCircles(files)).toEqual(["src/a.ts", "src/b"]);
  const { "src/b/b.ts": _, ...open } = files;
  expect(filesInCircles(open)).toEqual([]);
  expect(roomsInCircles(open)).toEqual(["src/a.ts", "src/b"]);
});

test.each([
  ['import type { A } from "./a.ts";', ["./a.ts"]],
  ['import {\n  a,\n  b,\n} from "./a.ts";\nimport "./b.ts";', ["./a.ts", "./b.ts"]],
  ['export * from "./a.ts";\nexport { type B, b } from "./b.ts";', ["./a.ts", "./b.ts"]],
  ['const a = await import("./a.ts");', ["./a.ts"]],
  ['new Worker(new URL("./thread.ts", import.meta.url));', ["./thread.ts"]],
  ['export const from = "./a.ts";', []],
])("the imports of %j are found", (source, imports) => {
  expect(importsOf(source)).toEqual(imports);
});

// Each planted import must be found, or the first test proves nothing.
test.each([
  ["protocol/wire/int.ts", "../mux/frame.ts", "points up"],
  ["protocol/flist/entry.ts", "../roles/sender.ts", "points up"],
  ["protocol/mux/demux.ts", "../transport/source.ts", "points up"],
  ["protocol/session.ts", "./client.ts", "points up"],
  ["protocol/path.ts", "./wire/cursor.ts", "points up"],
  ["protocol/client.ts", "../src/log.ts", "protocol imports from src"],
  ["src/mirror.ts", "../protocol/session.ts", "src imports protocol past its index.ts"],
  ["src/watch/watcher.ts", "../pending/pending.ts", "points up"],
  ["src/pending/pending.ts", "../push/batch.ts", "points up"],
  ["src/push/target.ts", "../mirror.ts", "points up"],
  ["protocol/wire/int.ts", "node:fs", "is not pure"],
  ["protocol/mux/frame.ts", "node:timers/promises", "is not pure"],
  ["src/push/target.ts", "node:child_process", "starts processes"],
])("%s may not import %s", (file, imported, why) => {
  expect(layerViolations({ [file]: `import { x } from "${imported}";` })).toEqual([
    `${file} imports ${imported}: ${why}`,
  ]);
});

test.each([
  ["protocol/transport/source.ts", "../mux/demux.ts"],
  ["protocol/mux/demux.ts", "./frame.ts"],
  ["protocol/roles/sender.ts", "../delta/match.ts"],
  ["protocol/transport/connect.ts", "node:net"],
  ["protocol/delta/deflate.ts", "node:zlib"],
  ["src/mirror.ts", "../protocol/index.ts"],
  ["src/filter/rules.ts", "../config/schema.ts"],
  ["src/plugin/command.ts", "node:child_process"],
])("%s may import %s", (file, imported) => {
  expect(layerViolations({ [file]: `import { x } from "${imported}";` })).toEqual([]);
});

test("a clock in a codec and a file without a layer are found", () => {
  expect(
    layerViolations({
      "protocol/wire/int.ts": "const now = Date.now();",
      "src/misc/helpers.ts": "",
    }),
  ).toEqual([
    "protocol/wire/int.ts uses Date.now: is not pure",
    "src/misc/helpers.ts: no layer in test/support/layers.ts holds it",
  ]);
});
