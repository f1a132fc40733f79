// `npm run bench -- push`: sersync push, stock rsync, and push() in a process that has run it before,
// do the same work in turn; what counts are the ratios of the medians. The command's time begins with
// its process, of which Node takes its share; the call's does not.
//   npm run bench -- push [--runs N] [--files N] [--megabytes N]
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { parseArgs } from "node:util";
import { build } from "../prepare.mjs";
import { daemonLines, daemonProgram, installedProgram } from "../support/daemons.mjs";
import { startDaemon } from "../support/rsyncd.mjs";
import { empty, makeBig, makeFiles, median, temporary } from "./trees.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    files: { type: "string", default: "20000" },
    megabytes: { type: "string", default: "1024" },
  },
});
const [runs, files, megabytes] = [values.runs, values.files, values.megabytes].map(Number);
const main = new URL("../../dist/bin/sersync.js", import.meta.url).pathname;
/** What `-a` stands for. */
const archive = Object.fromEntries(
  ["recursive", "links", "perms", "times", "owner", "group", "devices", "specials"].map((name) => [
    name,
    true,
  ]),
);

/** Processor time of this process and of its children that have ended, in ms. */
function processorMs() {
  const [, rest = ""] = /\) (.*)/s.exec(fs.readFileSync("/proc/self/stat", "latin1")) ?? [];
  const ticks = rest.split(" ").slice(11, 15).map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) * 10;
}

function command(name, program, words) {
  return {
    name,
    push: (source, url) => {
      const argv = [...words, "-a", "--stats", `${source}/`, url];
      const { status, stdout, stderr } = spawnSync(program, argv, { encoding: "utf8" });
      if (status !== 0) throw new Error(`${name} exited with ${status}: ${stderr}`);
      const counts = [...stdout.matchAll(/^Total bytes (?:sent|received): ([\d,]+)/gm)];
      return counts.reduce((sum, [, count]) => sum + Number(count.replaceAll(",", "")), 0);
    },
  };
}

async function call() {
  const { push } = await import("../../dist/protocol/index.js");
  return {
    name: "push()",
    push: async (source, url) => {
      const { totals } = await push(source, url, { transfer: archive });
      return totals.sentBytes + totals.receivedBytes;
    },
  };
}

/** In turn, so that all meet the same minutes; the first of each warms the caches. */
async function compare(title, { source, prepare }, { pushers, daemon }) {
  const seen = pushers.map(() => []);
  for (let run = 0; run <= runs; run += 1) {
    for (const [at, pusher] of pushers.entries()) {
      prepare();
      const [before, startedAt] = [processorMs(), performance.now()];
      const bytes = await pusher.push(source, daemon.url("backup"));
      const result = { ms: performance.now() - startedAt, cost: processorMs() - before, bytes };
      if (run > 0) seen[at].push(result);
    }
  }
  const of = (at, what) => median(seen[at].map((each) => each[what]));
  const words = pushers.map(({ name }, at) => {
    const ratio = at === 0 ? "" : `, ratio ${(of(at, "ms") / of(0, "ms")).toFixed(2)}`;
    const wire = at === 0 ? "" : `, bytes ${(of(at, "bytes") / of(0, "bytes")).toFixed(3)}`;
    return `${name} ${of(at, "ms").toFixed(0)} ms (processor ${of(at, "cost")})${ratio}${wire}`;
  });
  console.log(`${title}: ${words.join("; ")}`);
}

/** Before each push the module has what is to be pushed, but for what `change` makes of it. */
function differing(source, module, change) {
  return {
    source,
    prepare: () => {
      const bytes = change(fs.readFileSync(`${source}/big`));
      fs.writeFileSync(`${module}/big`, bytes);
      fs.utimesSync(`${module}/big`, 1, 1);
    },
  };
}

function withEdits(bytes) {
  const [count, length] = [100, 4_096];
  for (let edit = 0; edit < count; edit += 1) {
    const at = Math.floor(((edit + 0.37) / count) * (bytes.length - length));
    bytes.fill(edit, at, at + length);
  }
  return bytes;
}

/** So that what is pushed has a MiB more in its middle. */
function withoutMiddle(bytes) {
  const middle = bytes.length >> 1;
  return Buffer.concat([bytes.subarray(0, middle), bytes.subarray(middle + 2 ** 20)]);
}

async function benchFiles(rig, count, bytes) {
  const { directory, module } = rig;
  const source = `${directory}/files`;
  makeFiles(source, count, bytes);
  const title = `${count} files of ${bytes} bytes`;
  await compare(`${title} to an empty module`, { source, prepare: () => empty(module) }, rig);
  await compare(`${title}, unchanged`, { source, prepare: () => {} }, rig);
  empty(module);
  fs.rmSync(source, { recursive: true });
}

async function benchBig(rig) {
  const { directory, module } = rig;
  const source = `${directory}/large`;
  makeBig(source, megabytes);
  const title = `${megabytes} MB in one file`;
  await compare(title, { source, prepare: () => empty(module) }, rig);
  await compare(`${title}, 100 edits`, differing(source, module, withEdits), rig);
  await compare(`${title}, 1 MB inserted`, differing(source, module, withoutMiddle), rig);
}

const directory = fs.mkdtempSync(`${temporary}/sersync-bench-`);
const module = `${directory}/module`;
await build();
fs.mkdirSync(module);
const program = daemonProgram(daemonLines[0].version) ?? installedProgram();
const daemon = await startDaemon({ program, modules: { backup: { path: module } } });
try {
  const pushers = [
    command("rsync", program, []),
    command("sersync push", process.execPath, [main, "push"]),
    await call(),
  ];
  const rig = { directory, module, daemon, pushers };
  await benchFiles(rig, files, 10 * 1024);
  await benchFiles(rig, files * 5, 100);
  await benchBig(rig);
} finally {
  await daemon.remove();
  fs.rmSync(directory, { recursive: true });
}
