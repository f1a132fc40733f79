// Several programs do the same work in turn; what counts are the ratios of the medians.
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { parseArgs } from "node:util";
import { median } from "./trees.mjs";

/** What `-a` stands for. */
export const archive = Object.fromEntries(
  ["recursive", "links", "perms", "times", "owner", "group", "devices", "specials"].map((name) => [
    name,
    true,
  ]),
);

/** How often, and of what sizes, as the command line says: numbers. */
export function readSizes() {
  const { values } = parseArgs({
    options: {
      runs: { type: "string", default: "5" },
      files: { type: "string", default: "20000" },
      megabytes: { type: "string", default: "1024" },
    },
  });
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, Number(value)]));
}

/** Processor time of this process and of its children that have ended, in ms. */
function processorMs() {
  const [, rest = ""] = /\) (.*)/s.exec(fs.readFileSync("/proc/self/stat", "latin1")) ?? [];
  const ticks = rest.split(" ").slice(11, 15).map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) * 10;
}

/** A program that takes rsync's arguments; it counts the bytes on the wire, both ways. */
export function command(name, program, words) {
  return {
    name,
    transfer: (from, to) => {
      const argv = [...words, "-a", "--stats", from, to];
      const { status, stdout, stderr } = spawnSync(program, argv, { encoding: "utf8" });
      if (status !== 0) throw new Error(`${name} exited with ${status}: ${stderr}`);
      const counts = [...stdout.matchAll(/^Total bytes (?:sent|received): ([\d,]+)/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count.replaceAll(",", "")), 0);
    },
  };
}

/** In turn, so that all meet the same minutes; the first of each warms the caches. */
export async function compare(title, { from, to, prepare }, { contenders, runs }) {
  const seen = contenders.map(() => []);
  for (let run = 0; run <= runs; run += 1) {
    for (const [at, contender] of contenders.entries()) {
      prepare();
      const [before, startedAt] = [processorMs(), performance.now()];
      const bytes = await contender.transfer(from, to);
      const result = { ms: performance.now() - startedAt, cost: processorMs() - before, bytes };
      if (run > 0) seen[at].push(result);
    }
  }
  const of = (at, what) => median(seen[at].map((each) => each[what]));
  const words = contenders.map(({ name }, at) => {
    const ratio = at === 0 ? "" : `, ratio ${(of(at, "ms") / of(0, "ms")).toFixed(2)}`;
    const wire = at === 0 ? "" : `, bytes ${(of(at, "bytes") / of(0, "bytes")).toFixed(3)}`;
    return `${name} ${of(at, "ms").toFixed(0)} ms (processor ${of(at, "cost")})${ratio}${wire}`;
  });
  console.log(`${title}: ${words.join("; ")}`);
}
