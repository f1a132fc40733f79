// `npm run bench -- lag`: from the close of a written file to its content at the destination, here
// and with lsyncd, one after the other on the same machine. `npm run bench -- lag --changes 100`

import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { formatConfxml } from "../demo/confxml.mjs";
import { build } from "../prepare.mjs";
import { daemonLines, daemonProgram, installedProgram } from "../support/daemons.mjs";
import { startDaemon } from "../support/rsyncd.mjs";

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "100" },
    every: { type: "string", default: "200" },
  },
});
const user = "rsync_backup";
const password = randomBytes(12).toString("hex");
const main = new URL("../../dist/bin/sersync.js", import.meta.url).pathname;
const temporary = fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();
const arrivalMs = 10_000;
/** The first changes are not counted. */
const warming = 10;

function sersync({ directory, source, daemon, passwordFile }) {
  const configuration = `${directory}/confxml.xml`;
  const settings = { source, port: daemon.port, module: "backup", user, passwordFile };
  const text = formatConfxml({ ...settings, failLog: `${directory}/fail.log` });
  fs.writeFileSync(configuration, text.replace('"-az"', '"-a"'));
  return [process.execPath, [main, "-r", "-o", configuration]];
}

function lsyncd({ directory, source, daemon, passwordFile }) {
  const configuration = `${directory}/lsyncd.lua`;
  fs.writeFileSync(
    configuration,
    `settings { nodaemon = true }
sync { default.rsync, source = "${source}", target = "${daemon.url("backup", user)}", delay = 0,
  rsync = { archive = true, password_file = "${passwordFile}" } }
`,
  );
  return ["lsyncd", [configuration]];
}

/** Resolves with the time until a file has this content; undefined when it never had. */
async function arrival(file, content) {
  const since = performance.now();
  for (;;) {
    const ms = performance.now() - since;
    if (fs.existsSync(file) && fs.readFileSync(file).equals(content)) return ms;
    if (ms > arrivalMs) return undefined;
    await pause(1);
  }
}

function percentiles(lags) {
  const sorted = lags.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.floor(sorted.length * share)].toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
}

/** Processor time that other machines of this host were given, in ticks of 10 ms (proc(5)). */
function stolenTicks() {
  return Number(fs.readFileSync("/proc/stat", "utf8").split(/\s+/)[8]);
}

async function measure(name, [program, argv], { source, target }) {
  const child = spawn(program, argv, { stdio: "ignore" });
  try {
    fs.writeFileSync(`${source}/first`, name);
    if ((await arrival(`${target}/first`, Buffer.from(name))) === undefined) throw new Error(name);
    const lags = [];
    const undisturbed = [];
    for (let change = -warming; change < Number(values.changes); change += 1) {
      await pause(Number(values.every));
      const content = randomBytes(10 * 1024);
      const stolen = stolenTicks();
      fs.writeFileSync(`${source}/f${change}`, content);
      const ms = await arrival(`${target}/f${change}`, content);
      if (change < 0) continue;
      lags.push(ms ?? Number.POSITIVE_INFINITY);
      if (stolenTicks() === stolen) undisturbed.push(ms ?? Number.POSITIVE_INFINITY);
    }
    console.log(`${name}: ${percentiles(lags)}`);
    const { length } = undisturbed;
    if (length === lags.length || length === 0) return;
    console.log(
      `  ${length} of them while the hypervisor gave no processor away: ${percentiles(undisturbed)}`,
    );
  } finally {
    child.kill("SIGTERM");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}

const directory = fs.mkdtempSync(`${temporary}/sersync-lag-`);
await build();
const daemon = await startDaemon({
  program: daemonProgram(daemonLines[0].version) ?? installedProgram(),
  users: { [user]: password },
  modules: { backup: { path: `${directory}/module` } },
});
try {
  const source = `${directory}/source`;
  const place = { directory, source, daemon, passwordFile: `${directory}/rsync.pas` };
  for (const each of [source, `${directory}/module`]) fs.mkdirSync(each, { recursive: true });
  fs.writeFileSync(place.passwordFile, `${password}\n`, { mode: 0o600 });
  const where = { source, target: daemon.path("backup") };
  await measure("sersync", sersync(place), where);
  if (spawnSync("lsyncd", ["--version"]).status !== 0) console.log("lsyncd: not installed");
  else await measure("lsyncd, delay 0", lsyncd(place), where);
} finally {
  await daemon.remove();
  fs.rmSync(directory, { recursive: true });
}
