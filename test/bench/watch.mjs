// The watcher beside inotifywait -mr, lsyncd and chokidar, in one run; medians.
//   npm run build && node test/bench/watch.mjs [--parts start,new,burst,latency,storm]
//     [--directories N] [--files N] [--tree DIR] [--runs N] [--repeat N] [--without NAME,...]
// `--tree` names a tree of such a size that is there already. Start: until every directory is watched.
// New: files made as fast as possible in new nested directories, `--runs` times. Burst: more events than
// the kernel's queue holds while the watcher is stopped.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { compareLatencies } from "./watch/latency.mjs";
import { compareStarts, makeTree } from "./watch/starts.mjs";
import { compareNewTrees, measureBurst, measureStorms } from "./watch/storms.mjs";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "start,new,burst,latency,storm" },
    directories: { type: "string", default: "20000" },
    files: { type: "string", default: "200000" },
    tree: { type: "string" },
    runs: { type: "string", default: "20" },
    without: { type: "string", default: "" },
    repeat: { type: "string", default: "5" },
  },
});

const repeat = Number(values.repeat);

const parts = {
  start: async (base) => {
    const { tree = `${base}/start`, directories, files } = values;
    if (values.tree === undefined) makeTree(tree, Number(directories), Number(files));
    console.log(`start: ${directories} directories, ${files} files, median of ${repeat}`);
    await compareStarts(tree, repeat, values.without.split(","));
  },
  new: (base) => compareNewTrees(base, Number(values.runs)),
  burst: (base) => measureBurst(base),
  latency: (base) => compareLatencies(base),
  storm: (base) => measureStorms(base, repeat),
};

const base = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-bench-"));
try {
  for (const part of values.parts.split(",")) await parts[part](base);
} finally {
  fs.rmSync(base, { recursive: true, force: true });
}
