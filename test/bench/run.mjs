// `npm run bench`: this program and stock rsync do the same work in turn, on the same machine in the
// same minutes; what counts is the ratio of the medians. Runs on Linux with the stock daemon that
// the tests use. `npm run bench -- --runs 7 --files 20000`; `npm run bench -- --memory 1000000`;
// `npm run bench -- push` and `-- pull` for all kinds of them, `-- serve` for the daemon, `-- lag` for single
// changes.

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import { parseArgs } from "node:util";
import { formatConfxml } from "../demo/confxml.mjs";
import { build } from "../prepare.mjs";
import { daemonLines, daemonProgram, installedProgram } from "../support/daemons.mjs";
import { startDaemon } from "../support/rsyncd.mjs";
import { benchMemory } from "./memory.mjs";
import { empty, makeFiles, median, temporary } from "./trees.mjs";

// Where it is set, Node reads hundreds of certificates before it begins: 70 ms of this machine's.
delete process.env.NODE_EXTRA_CA_CERTS;

const others = { push: "./push.mjs", pull: "./pull.mjs", serve: "./serve.mjs", lag: "./lag.mjs" };
const other = others[process.argv[2]];
if (other !== undefined) {
  process.argv.splice(2, 1);
  await import(other);
  process.exit();
}

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    files: { type: "string", default: "20000" },
    handshakes: { type: "string", default: "50" },
    memory: { type: "string" },
    sparse: { type: "string", default: "16" },
  },
});
const runs = Number(values.runs);
const files = Number(values.files);
const user = "rsync_backup";
const main = new URL("../../dist/bin/sersync.js", import.meta.url).pathname;

/** From the start of the process to the line that says that all is acknowledged. */
async function ourFullPush(configuration) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [main, "-r", "-o", configuration], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let tail = "";
  const ms = await new Promise((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      tail = (tail + chunk).slice(-4096);
      if (tail.includes("full push complete")) resolve(performance.now() - startedAt);
    });
    child.once("exit", (code) => reject(new Error(`sersync exited with ${code}`)));
  });
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
  return ms;
}

function stockFullPush(program, source, url, passwordFile) {
  const startedAt = performance.now();
  const { status, stderr } = spawnSync(
    program,
    ["-a", `--password-file=${passwordFile}`, `${source}/`, url],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new Error(`rsync exited with ${status}: ${stderr}`);
  return performance.now() - startedAt;
}

async function benchFullPush({ configuration, source, daemon, passwordFile, program }) {
  const ours = [];
  const stock = [];
  for (let run = 0; run <= runs; run += 1) {
    empty(daemon.path("backup"));
    const our = await ourFullPush(configuration);
    empty(daemon.path("backup"));
    const theirs = stockFullPush(program, source, daemon.url("backup", user), passwordFile);
    if (run === 0) continue; // the first of each warms the caches
    ours.push(our);
    stock.push(theirs);
  }
  const ratio = median(ours) / median(stock);
  console.log(
    `full push, ${files} files of 10 KB to an empty module: sersync -r ${median(ours).toFixed(0)} ms, rsync -a ${median(stock).toFixed(0)} ms, ratio ${ratio.toFixed(2)}`,
  );
}

async function benchHandshake({ daemon, password }) {
  const { Session, TargetKnowledge } = await import("../../dist/protocol/index.js");
  const target = {
    host: daemon.host,
    port: daemon.port,
    module: "backup",
    credentials: { user, password },
  };
  const knowledge = new TargetKnowledge();
  const times = [];
  for (let handshake = 0; handshake <= Number(values.handshakes); handshake += 1) {
    const startedAt = performance.now();
    const session = await Session.open(target, { transfer: { recursive: true }, knowledge });
    times.push(performance.now() - startedAt);
    session.close();
  }
  const [first, ...later] = times;
  console.log(
    `handshake with authentication: first contact ${first.toFixed(1)} ms, later p50 ${median(later).toFixed(1)} ms`,
  );
}

async function benchSpeed({ directory, daemon, passwordFile, program, password }) {
  const source = `${directory}/source`;
  const configuration = `${directory}/confxml.xml`;
  const settings = { source, port: daemon.port, module: "backup", user, passwordFile };
  fs.writeFileSync(
    configuration,
    formatConfxml({ ...settings, failLog: `${directory}/fail.log` }).replace('"-az"', '"-a"'),
  );
  makeFiles(source, files);
  await benchHandshake({ daemon, password });
  await benchFullPush({ configuration, source, daemon, passwordFile, program });
}

const directory = fs.mkdtempSync(`${temporary}/sersync-bench-`);
await build();
const program = daemonProgram(daemonLines[0].version) ?? installedProgram();
const password = randomBytes(12).toString("hex");
const daemon = await startDaemon({
  program,
  users: { [user]: password },
  modules: { backup: { path: `${directory}/module` } },
});
try {
  const passwordFile = `${directory}/rsync.pas`;
  fs.mkdirSync(`${directory}/module`, { recursive: true });
  fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const rig = { directory, daemon, user, passwordFile, program };
  if (values.memory === undefined) await benchSpeed({ ...rig, password });
  else {
    await benchMemory({ files: Number(values.memory), sparseGib: Number(values.sparse), ...rig });
  }
} finally {
  await daemon.remove();
  fs.rmSync(directory, { recursive: true });
}
