// What gets lost in storms, and what they cost.
// As a program (`storms.mjs burst ROOT`): a watcher that can be stopped.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { createInterface } from "node:readline";
import { cpuMs, median, openers, rssMiB } from "./openers.mjs";

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

/** Writes, closes and renames: four events for each file. */
const writeAndRename = `
  const fs = require("node:fs");
  const [root, files] = process.argv.slice(1);
  for (let i = 0; i < Number(files); i += 1) {
    const file = root + "/" + (i % 100) + "/f" + i;
    fs.writeFileSync(file + ".tmp", "x");
    fs.renameSync(file + ".tmp", file);
  }
  fs.mkdirSync(root + "/new/deep", { recursive: true });
`;

async function runScript(script, ...argv) {
  await once(spawn(process.execPath, ["-e", script, ...argv], { stdio: "inherit" }), "exit");
}

/** Waits until nothing new was told for a second. */
async function untilQuiet(count) {
  for (let quietMs = 0, before = -1; quietMs < 1000; quietMs += 100) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (count() !== before) quietMs = 0;
    before = count();
  }
}

/** How many of 20,000 files in 1,000 new directories nobody was told of. */
async function countMissed(open, base) {
  const root = fs.mkdtempSync(`${base}/new-`);
  const paths = new Set();
  const trees = new Set();
  const watcher = await open(root, (kind, name) => (kind === "tree" ? trees : paths).add(name));
  await runScript(makeFiles, root, "1000", "20000");
  await untilQuiet(() => paths.size + trees.size);
  let missed = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const d = i % 1000;
    const parts = [`a${d % 10}`, `b${d % 100}`, `c${d}`, `f${i}`];
    const isInTree = parts.some((_, depth) => trees.has(parts.slice(0, depth + 1).join("/")));
    if (!isInTree && !paths.has(parts.join("/"))) missed += 1;
  }
  await watcher.close();
  fs.rmSync(root, { recursive: true });
  return missed;
}

export async function compareNewTrees(base, runs) {
  const rows = {};
  for (const [name, open] of Object.entries(openers)) {
    const missed = [];
    const times = name === "sersync" ? runs : 3;
    for (let run = 0; run < times; run += 1) missed.push(await countMissed(open, base));
    rows[name] = { runs: times, missed: missed.join(" ") };
  }
  console.log("new tree: 20,000 files in 1,000 new nested directories");
  console.table(rows);
}

/** CPU for 60,000 events: 30,000 files made and closed in 100 directories. */
export async function measureStorms(base, repeat) {
  const all = [];
  for (let i = 0; i < repeat; i += 1) {
    const root = fs.mkdtempSync(`${base}/storm-`);
    for (let d = 0; d < 100; d += 1) fs.mkdirSync(`${root}/${d}`);
    const told = new Set();
    const watcher = await openers.sersync(root, (_, name) => told.add(name));
    const before = process.cpuUsage();
    const script = `for (let i = 0; i < 30000; i += 1) fs.writeFileSync("${root}/" + (i % 100) + "/" + i, "x")`;
    await runScript(script);
    while (told.size < 30_000) await new Promise((resolve) => setTimeout(resolve, 5));
    all.push(cpuMs(before));
    await watcher.close();
    fs.rmSync(root, { recursive: true });
  }
  console.log(
    `storm: 60,000 events, all of 30,000 files told, CPU ${median(all)} ms (${all.join(" ")})`,
  );
}

/** A watcher that tells on its standard output what becomes of it. */
async function watchBurst(root) {
  const paths = new Set();
  let wholeTrees = 0;
  const watcher = await openers.sersync(root, (kind, name) => {
    if (kind === "tree" && name === "") {
      wholeTrees += 1;
      paths.clear();
    } else paths.add(name);
  });
  console.log("ready");
  void once(process.stdin, "data").then(async () => {
    await untilQuiet(() => watcher.status().events + wholeTrees);
    const { overflows, directories, events } = watcher.status();
    // Must be told under its right path: the watches are as they should be after the overflow.
    fs.writeFileSync(`${root}/new/deep/last`, "");
    while (!paths.has("new/deep/last")) await new Promise((resolve) => setTimeout(resolve, 5));
    console.log(JSON.stringify({ overflows, wholeTrees, directories, events, rssMiB: rssMiB() }));
    process.exit();
  });
}

/** More events than the kernel's queue holds, while the watcher is stopped. */
export async function measureBurst(base) {
  const root = fs.mkdtempSync(`${base}/burst-`);
  const files = 85_000;
  for (let d = 0; d < 100; d += 1) fs.mkdirSync(`${root}/${d}`);
  const child = spawn(process.execPath, [import.meta.filename, "burst", root], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const before = rssMiB(child.pid);
  child.kill("SIGSTOP");
  await runScript(writeAndRename, root, `${files}`);
  child.kill("SIGCONT");
  child.stdin.write("look\n");
  const { value } = await lines.next();
  const { overflows, wholeTrees, directories, rssMiB: after } = JSON.parse(value);
  // After the last overflow the whole tree is reported: what was made before is part of it.
  const missed = overflows > 0 && wholeTrees > 0 && directories === 103 ? 0 : "some";
  console.log(
    `burst: ${files * 4} events while stopped, ${overflows} overflow told, ${wholeTrees} rescan, missed ${missed}, ${directories} directories watched, ${before} -> ${after} MiB`,
  );
  fs.rmSync(root, { recursive: true });
}

const [, script, what, root] = process.argv;
if (script === import.meta.filename && what === "burst") await watchBurst(root);
