// The watcher beside inotifywait -mr, lsyncd and chokidar, in one run.
//   npm run build && node test/bench/watch.mjs [--dist DIR] [--directories N] [--files N] [--runs N]
// Start: until every directory is watched. New tree: files made, written and closed as fast as
// possible in new nested directories. Latency: from just before close(2) to the change.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

const { values } = parseArgs({
  options: {
    dist: { type: "string", default: "dist" },
    directories: { type: "string", default: "20000" },
    files: { type: "string", default: "200000" },
    runs: { type: "string", default: "20" },
    part: { type: "string" },
    root: { type: "string", default: "" },
  },
});

const openers = {
  async sersync(root, onPath, onReady) {
    const url = pathToFileURL(path.resolve(values.dist, "src/watch/watcher.js")).href;
    const { openWatcher } = await import(url);
    const watcher = openWatcher({
      root,
      backend: "inotify",
      willScan: true,
      onChanges: (changes) => {
        for (const change of changes) onPath(change.path ?? change.to);
      },
      onState: () => {},
    });
    await watcher.ready;
    onReady();
    return watcher;
  },
  async chokidar(root, onPath, onReady) {
    const { watch } = await import("chokidar");
    const watcher = watch(root, { ignoreInitial: true });
    watcher.on("all", (_event, name) => onPath(path.relative(root, name), "path"));
    await once(watcher, "ready");
    onReady();
    return watcher;
  },
};

/** A process of its own per start, so that memory and CPU are the watcher's alone. */
async function measureStart(part) {
  const startMs = performance.now();
  const print = (row) => process.stdout.write(`${JSON.stringify(row)}\n`, () => process.exit());
  const onReady = () => {
    const readyMs = Math.round(performance.now() - startMs);
    const { user, system } = process.cpuUsage();
    const cpuMs = Math.round((user + system) / 1000);
    const rssMiB = Math.round(process.memoryUsage().rss / 1048576);
    print({ readyMs, cpuMs, rssMiB, watches: countWatches(process.pid) });
  };
  const ignore = () => {};
  // chokidar needs a watch for every file: with the kernel's usual limit it may not get that far.
  await openers[part](values.root, ignore, onReady).catch((error) => print({ failed: error.code }));
}

function countWatches(pid) {
  let count = 0;
  for (const fd of fs.readdirSync(`/proc/${pid}/fdinfo`)) {
    try {
      const info = fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1");
      count += info.split("\n").filter((line) => line.startsWith("inotify wd")).length;
    } catch {} // closed since the listing
  }
  return count;
}

function makeTree(root, directories, files) {
  const made = [root];
  for (let i = 0; i < directories; i += 1) {
    const directory = `${made[Math.floor((made.length - 1) / 20)]}/directory${i}`;
    fs.mkdirSync(directory);
    made.push(directory);
  }
  for (let i = 0; i < files; i += 1) fs.writeFileSync(`${made[i % made.length]}/file${i}.txt`, "x");
}

async function startOf(part, root) {
  const argv = [import.meta.filename, "--part", part, "--root", root, "--dist", values.dist];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  await once(child, "exit");
  return JSON.parse(line);
}

/** Starts a program that says when it is ready, and looks at it in /proc just then. */
async function startOfProgram(argv, isReady) {
  const startMs = performance.now();
  const child = spawn(argv[0], argv.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => isReady(`${text}`) && resolve());
    }
  });
  const readyMs = Math.round(performance.now() - startMs);
  const [userTicks, systemTicks] = fs
    .readFileSync(`/proc/${child.pid}/stat`, "latin1")
    .split(" ")
    .slice(13, 15);
  const status = fs.readFileSync(`/proc/${child.pid}/status`, "latin1");
  const rssMiB = Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  const watches = countWatches(child.pid);
  const gone = once(child, "exit");
  child.kill();
  await gone;
  return { readyMs, cpuMs: (Number(userTicks) + Number(systemTicks)) * 10, rssMiB, watches };
}

function has(program) {
  return spawnSync(program, ["--help"]).error === undefined;
}

async function compareStarts(base) {
  const root = `${base}/start`;
  fs.mkdirSync(root);
  makeTree(root, Number(values.directories), Number(values.files));
  const rows = { sersync: await startOf("sersync", root) };
  if (has("inotifywait")) {
    rows["inotifywait -mr"] = await startOfProgram(["inotifywait", "-mr", root], (text) =>
      text.includes("established"),
    );
  }
  if (has("lsyncd")) rows.lsyncd = await startOfLsyncd(base, root);
  rows.chokidar = await startOf("chokidar", root);
  console.log(`start: ${values.directories} directories, ${values.files} files`);
  console.table(rows);
}

function startOfLsyncd(base, root) {
  // Only its watching: the command it would start does nothing.
  const config = `${base}/lsyncd.lua`;
  const action = 'delay = 1, maxProcesses = 1, onStartup = "true", onCreate = "true"';
  fs.writeFileSync(
    config,
    `settings { nodaemon = true }\nsync { source = "${root}", ${action} }\n`,
  );
  return startOfProgram(["lsyncd", "-nodaemon", config], (text) => text.includes("finished."));
}

const makeFiles = `
  const fs = require("node:fs");
  const [root, directories, files] = process.argv.slice(1);
  for (let i = 0; i < Number(files); i += 1) {
    const d = i % Number(directories);
    const directory = root + "/a" + (d % 10) + "/b" + (d % 100) + "/c" + d;
    if (i < Number(directories)) fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(directory + "/f" + i, "x");
  }
`;

/** How many of 20,000 files in 1,000 new directories nobody was told of. */
async function countMissed(open, base) {
  const root = fs.mkdtempSync(`${base}/new-`);
  const told = new Set();
  const watcher = await open(
    root,
    (name) => told.add(name),
    () => {},
  );
  await once(
    spawn(process.execPath, ["-e", makeFiles, root, "1000", "20000"], { stdio: "inherit" }),
    "exit",
  );
  let missed = Number.NaN;
  for (let quietMs = 0, before = -1; quietMs < 1000; quietMs += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (told.size !== before) quietMs = 0;
    before = told.size;
  }
  missed = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const d = i % 1000;
    const parts = [`a${d % 10}`, `b${d % 100}`, `c${d}`, `f${i}`];
    // A directory reported as a tree stands for what is in it; chokidar has no such report.
    const isTold =
      open === openers.sersync
        ? parts.some((_, depth) => told.has(parts.slice(0, depth + 1).join("/")))
        : told.has(parts.join("/"));
    if (!isTold) missed += 1;
  }
  await watcher.close();
  fs.rmSync(root, { recursive: true });
  return missed;
}

async function compareNewTrees(base) {
  const rows = {};
  for (const [name, open] of Object.entries(openers)) {
    const missed = [];
    const runs = name === "sersync" ? Number(values.runs) : 3;
    for (let run = 0; run < runs; run += 1) missed.push(await countMissed(open, base));
    rows[name] = { runs, missed: missed.join(" ") };
  }
  console.log("new tree: 20,000 files in 1,000 new nested directories");
  console.table(rows);
}

async function measureLatency(open, base) {
  const root = fs.mkdtempSync(`${base}/latency-`);
  let arrived = () => {};
  const watcher = await open(
    root,
    () => arrived(performance.timeOrigin + performance.now()),
    () => {},
  );
  const writer = new Worker(new URL(import.meta.url), { argv: ["--part", "writer"] });
  await once(writer, "message");
  const tookMs = [];
  for (let i = 0; i < 200; i += 1) {
    const arrival = new Promise((resolve) => {
      arrived = resolve;
    });
    const sending = once(writer, "message");
    writer.postMessage(`${root}/${i}`);
    const [sent] = await sending;
    tookMs.push((await arrival) - sent);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await writer.terminate();
  await watcher.close();
  tookMs.sort((a, b) => a - b);
  return { "p50 ms": tookMs[100].toFixed(2), "p95 ms": tookMs[190].toFixed(2) };
}

function writeOnDemand() {
  parentPort.on("message", (file) => {
    const fd = fs.openSync(file, "w");
    const sent = performance.timeOrigin + performance.now();
    fs.closeSync(fd);
    parentPort.postMessage(sent);
  });
  parentPort.postMessage("ready");
}

async function measureStorm(base) {
  const root = fs.mkdtempSync(`${base}/storm-`);
  for (let i = 0; i < 100; i += 1) fs.mkdirSync(`${root}/${i}`);
  const told = new Set();
  const watcher = await openers.sersync(
    root,
    (name) => told.add(name),
    () => {},
  );
  const before = process.cpuUsage();
  const script = `for (let i = 0; i < 30000; i += 1) fs.writeFileSync("${root}/" + (i % 100) + "/" + i, "x")`;
  await once(spawn(process.execPath, ["-e", script], { stdio: "inherit" }), "exit");
  while (told.size < 30_000) await new Promise((resolve) => setTimeout(resolve, 5));
  const { user, system } = process.cpuUsage(before);
  await watcher.close();
  console.log(
    `storm: 60,000 events, all of 30,000 files told, ${Math.round((user + system) / 1000)} ms of CPU`,
  );
}

if (!isMainThread) writeOnDemand();
else if (values.part) await measureStart(values.part);
else {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), "sersync-bench-"));
  try {
    await compareStarts(base);
    await compareNewTrees(base);
    const rows = {};
    for (const [name, open] of Object.entries(openers))
      rows[name] = await measureLatency(open, base);
    console.log("latency of one event in an idle tree");
    console.table(rows);
    await measureStorm(base);
  } finally {
    fs.rmSync(base, { recursive: true, force: true });
  }
}
