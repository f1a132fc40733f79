// `npm run bench -- serve`: a stock rsync pushes to `sersync serve` and to a stock daemon in turn, and
// pulls from them; then many push to `sersync serve` at once. What counts are the ratios.
//   npm run bench -- serve [--runs N] [--files N] [--megabytes N] [--clients N]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import { parseArgs } from "node:util";
import { startServe } from "../demo/destination.mjs";
import { build } from "../prepare.mjs";
import { daemonLines, daemonProgram, installedProgram } from "../support/daemons.mjs";
import { startDaemon } from "../support/rsyncd.mjs";
import { empty, makeBig, makeFiles, median, temporary } from "./trees.mjs";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    files: { type: "string", default: "20000" },
    megabytes: { type: "string", default: "1024" },
    clients: { type: "string", default: "50" },
  },
});
const [runs, files, megabytes, clients] = [
  values.runs,
  values.files,
  values.megabytes,
  values.clients,
].map(Number);
const user = "rsync_backup";
const filesPerClient = 100;

/** How long a client takes, in ms. */
async function rsync(program, { password }, words) {
  const startedAt = performance.now();
  const child = spawn(program, words, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, RSYNC_PASSWORD: password },
  });
  let errors = "";
  child.stderr.on("data", (text) => {
    errors += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`rsync exited with ${code}: ${errors}`);
  return performance.now() - startedAt;
}

/** What a daemon and the children that have ended have taken of the processors so far, in ms. */
function processorMs({ pid }) {
  const [, rest = ""] = /\) (.*)/s.exec(fs.readFileSync(`/proc/${pid}/stat`, "latin1")) ?? [];
  // utime, stime, cutime and cstime, in hundredths of a second; the state is the third field of all.
  const ticks = rest.split(" ").slice(11, 15).map(Number);
  return ticks.reduce((sum, each) => sum + each, 0) * 10;
}

/** A stock daemon's session ends a moment after its client. */
async function settled(daemon) {
  let before = -1;
  while (before !== processorMs(daemon)) {
    before = processorMs(daemon);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return before;
}

/** In turn, so that both meet the same minutes; the first of each warms the caches. */
async function compare(title, daemons, visit) {
  const times = daemons.map(() => []);
  const costs = daemons.map(() => []);
  for (let run = 0; run <= runs; run += 1) {
    for (const [at, daemon] of daemons.entries()) {
      const before = await settled(daemon);
      const ms = await visit(daemon);
      const cost = (await settled(daemon)) - before;
      if (run === 0) continue;
      times[at].push(ms);
      costs[at].push(cost);
    }
  }
  console.log(
    `${title}: ${inWords(times.map(median))}; processor time of the daemon alone: ${inWords(costs.map(median))}`,
  );
}

function inWords([ours, stock]) {
  const ratio = (ours / stock).toFixed(2);
  return `sersync serve ${ours.toFixed(0)} ms, rsync --daemon ${stock.toFixed(0)} ms, ratio ${ratio}`;
}

function pushing(program, source) {
  return (daemon) => {
    empty(daemon.path);
    return rsync(program, daemon, ["-a", `${source}/`, daemon.url]);
  };
}

function pulling(program, directory) {
  return (daemon) => {
    empty(`${directory}/pulled`);
    return rsync(program, daemon, ["-a", daemon.url, `${directory}/pulled/`]);
  };
}

function memoryOf({ pid }) {
  const [, kib = "0"] = /^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`)) ?? [];
  return Math.round(Number(kib) / 1024);
}

async function benchMany(program, daemon, source) {
  empty(daemon.path);
  const startedAt = performance.now();
  const visits = Array.from({ length: clients }, (_, client) =>
    rsync(program, daemon, ["-a", `${source}/`, `${daemon.url}client${client}/`]),
  );
  await Promise.all(visits);
  const ms = performance.now() - startedAt;
  const arrived = fs.readdirSync(daemon.path, { recursive: true, withFileTypes: true });
  const count = arrived.filter((each) => each.isFile()).length;
  console.log(
    `${clients} clients at once, ${filesPerClient} files each: ${ms.toFixed(0)} ms, ${count} files there, no error, ${memoryOf(daemon)} MB at most`,
  );
}

const directory = fs.mkdtempSync(`${temporary}/sersync-bench-`);
await build();
for (const name of ["module", "pulled"]) fs.mkdirSync(`${directory}/${name}`);
const program = daemonProgram(daemonLines[0].version) ?? installedProgram();
const password = randomBytes(12).toString("hex");
const rsyncd = await startDaemon({
  program,
  users: { [user]: password },
  modules: { backup: { path: `${directory}/module` } },
});
// The same file, but for where it listens and logs.
const own = ["--pid-file", `${directory}/pid`, "--log-file", `${directory}/log`];
const serve = await startServe(["--config", `${rsyncd.directory}/rsyncd.conf`, ...own]);
try {
  const pid = Number(fs.readFileSync(`${rsyncd.directory}/rsyncd.pid`, "latin1"));
  const stock = { url: rsyncd.url("backup", user), path: `${directory}/module`, password, pid };
  const url = stock.url.replace(`:${rsyncd.port}/`, `:${serve.port}/`);
  const ours = { ...stock, url, pid: serve.pid };
  const daemons = [ours, stock];
  const [many, big, few] = ["many", "big", "few"].map((name) => `${directory}/${name}`);
  makeFiles(many, files);
  await compare(`push of ${files} files of 10 KB`, daemons, pushing(program, many));
  await compare(`pull of ${files} files of 10 KB`, daemons, pulling(program, directory));
  fs.rmSync(many, { recursive: true });
  makeFiles(few, filesPerClient);
  await benchMany(program, ours, few);
  makeBig(big, megabytes);
  await compare(`push of ${megabytes} MB in one file`, daemons, pushing(program, big));
  await compare(`pull of ${megabytes} MB in one file`, daemons, pulling(program, directory));
  console.log(`sersync serve has taken ${memoryOf(serve)} MB at most`);
} finally {
  await serve.stop();
  await rsyncd.remove();
  fs.rmSync(directory, { recursive: true });
}
