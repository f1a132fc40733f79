import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import { build, preparePackages } from "../prepare.mjs";
import { freePort } from "../support/ports.mjs";
import { findDifferences, readTree } from "../support/tree-differences.mjs";
import { formatConfxml } from "./confxml.mjs";
import { startDestination } from "./destination.mjs";
import { acknowledged, Mirror } from "./mirror.mjs";
import { makeStartingTree, scenes } from "./scenes.mjs";

const deadlineMs = 20_000;
const interruptedCode = 130;
const user = "rsync_backup";
const colored = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;

/** A failure that a person is told about in one line, without a stack trace. */
class DemoError extends Error {}

function paint(color, text) {
  return colored ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function say(topic, text) {
  console.log(`  ${paint(2, topic.padEnd(12))} ${text}`);
}

function demand({ ok, problem }) {
  if (!ok) throw new DemoError(problem);
}

function writeConfiguration(directory, { port, password, pagePort }) {
  const passwordFile = `${directory}/rsync.pas`;
  const configuration = `${directory}/confxml.xml`;
  const source = `${directory}/source`;
  const failLog = `${directory}/fail.log`;
  fs.writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const settings = { source, port, module: "backup", user, passwordFile, failLog, pagePort };
  const text = formatConfxml(settings);
  fs.writeFileSync(configuration, text);
  return configuration;
}

function compare({ source, destination }) {
  const wanted = readTree(source);
  // A write into a directory after it was sent changes its time again, which no event tells.
  const options = { directoryTimes: false, root: false };
  return {
    entries: wanted.size,
    differences: findDifferences(wanted, readTree(destination), options),
  };
}

/** Waits until the first full push is complete; returns how long that took. */
async function fullPush(mirror) {
  const startedAt = performance.now();
  const late = AbortSignal.timeout(deadlineMs);
  await once(mirror, "pushed", { signal: late }).catch(() => {
    throw new DemoError(`The first full push is not complete after ${deadlineMs / 1000} s`);
  });
  return performance.now() - startedAt;
}

function formatMs(ms) {
  const text = `${ms < 100 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
  return paint(ms < 100 ? 32 : 33, text.padStart(9));
}

/** Pads to `width` columns of a terminal, where Chinese characters take two. */
function pad(text, width) {
  const wide = text.match(/[\u2e80-\u9fff\uff00-\uffef]/g)?.length ?? 0;
  return text.padEnd(width - wide);
}

async function play(mirror, source, { title, paths, act }) {
  const startedAt = performance.now();
  const waiting = acknowledged(mirror, paths, deadlineMs);
  act(source);
  const result = await waiting;
  const elapsed = performance.now() - startedAt;
  const shown = result === undefined ? paint(31, "no answer") : formatMs(elapsed);
  const rate = paths.length > 100 ? `, ${Math.round((paths.length / elapsed) * 1000)} files/s` : "";
  console.log(`  ${pad(title, 34)} ${shown}${result === undefined ? "" : rate}`);
  return result !== undefined;
}

async function playAll(mirror, source) {
  console.log(
    `\n  ${paint(1, "change".padEnd(34))} ${paint(1, "acknowledged by the daemon after")}`,
  );
  let failed = 0;
  for (const scene of scenes) if (!(await play(mirror, source, scene))) failed += 1;
  return failed;
}

function report({ entries, differences }) {
  if (differences.length === 0) {
    console.log(
      `\n  ${paint(32, "Both trees are equal")}: ${entries} entries, compared by name, content, mode, time of files and link target.`,
    );
    return;
  }
  console.log(`\n  ${paint(31, `The trees differ in ${differences.length} points`)}:`);
  for (const { path, difference } of differences.slice(0, 10)) {
    console.log(`    ${JSON.stringify(Buffer.from(path, "latin1").toString())} ${difference}`);
  }
}

async function keepRunning(mirror, { source, destination, pagePort }, stopped) {
  console.log(`\n  It keeps running. Change something below ${paint(1, source)}`);
  console.log(`  and see it arrive below ${destination}`);
  console.log(`  Watch it: ${paint(1, `http://localhost:${pagePort}/`)}`);
  console.log(`  Stop it with Ctrl-C, or: kill ${process.pid}\n`);
  mirror.on("delivery", ({ kind, path }) => console.log(`  ${(kind ?? "").padEnd(8)} ${path}`));
  await stopped;
}

async function show(mirror, trees) {
  const elapsedMs = await fullPush(mirror);
  say("full push", `${compare(trees).entries} entries, ${elapsedMs.toFixed(0)} ms after the start`);
  const unanswered = await playAll(mirror, trees.source);
  const comparison = compare(trees);
  report(comparison);
  return unanswered === 0 && comparison.differences.length === 0 ? 0 : 1;
}

async function main(stopped) {
  console.log(`\n  ${paint(1, "sersync")}: a directory is mirrored live to an rsync daemon\n`);
  demand(preparePackages());
  demand(await build());
  const directory = fs.mkdtempSync(`${os.tmpdir()}/sersync-demo-`);
  makeStartingTree(`${directory}/source`);
  const daemon = await startDestination({ directory: `${directory}/backup`, user });
  const keeps = process.argv.includes("--keep");
  const pagePort = keeps ? await freePort() : 0;
  const { port, password } = daemon;
  const configuration = writeConfiguration(directory, { port, password, pagePort });
  say("destination", `${daemon.command}\n${" ".repeat(15)}${daemon.url}`);
  say("source", `${directory}/source`);
  say("run", `sersync -r -o ${configuration}`);
  const mirror = new Mirror(configuration);
  try {
    const ended = new Promise((_, reject) => {
      mirror.once("ended", (why) => reject(new DemoError(why)));
    });
    mirror.on("text", (text, isProblem) => {
      if (isProblem) say("sersync", paint(33, text));
    });
    const source = `${directory}/source`;
    const trees = { source, destination: daemon.path, pagePort };
    const exitCode = await Promise.race([show(mirror, trees), ended, stopped]);
    if (keeps && exitCode !== interruptedCode) {
      await Promise.race([keepRunning(mirror, trees, stopped), ended]);
    }
    return exitCode;
  } finally {
    await mirror.stop();
    await daemon.stop();
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

const stopped = new Promise((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve(interruptedCode));
});
let exitCode = 1;
try {
  exitCode = await main(stopped);
} catch (error) {
  if (!(error instanceof DemoError)) throw error;
  console.error(`  ${error.message}`);
}
// What was interrupted still waits for acknowledgements that will not come.
process.exit(exitCode);
