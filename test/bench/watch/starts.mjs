// How long each watcher takes until it watches a whole tree, what it costs and how much it holds.
// As a program (`starts.mjs NAME ROOT`): one start, in a process of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import { countWatches, cpuMs, has, median, openers, rssMiB } from "./openers.mjs";

async function startHere(name, root) {
  const began = performance.now();
  const print = (row) => process.stdout.write(`${JSON.stringify(row)}\n`, () => process.exit());
  try {
    await openers[name](root, () => {});
    const readyMs = Math.round(performance.now() - began);
    print({ readyMs, cpuMs: cpuMs(), rssMiB: rssMiB(), watches: countWatches(process.pid) });
  } catch (error) {
    // chokidar needs a watch for every file: with the kernel's usual limit it may not get that far.
    print({ failed: error.code });
  }
}

async function startInProcess(name, root) {
  const argv = [import.meta.filename, name, root];
  const began = performance.now();
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout, "data");
  const wholeMs = Math.round(performance.now() - began);
  await once(child, "exit");
  return { ...JSON.parse(line), withNodeMs: wholeMs };
}

/** Starts a program that says when it is ready, and looks at it in /proc just then. */
async function startProgram(argv, isReady) {
  const began = performance.now();
  const child = spawn(argv[0], argv.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => isReady(`${text}`) && resolve());
    }
  });
  const readyMs = Math.round(performance.now() - began);
  const stat = fs.readFileSync(`/proc/${child.pid}/stat`, "latin1").split(" ");
  const row = {
    readyMs,
    cpuMs: (Number(stat[13]) + Number(stat[14])) * 10,
    rssMiB: rssMiB(child.pid),
    watches: countWatches(child.pid),
  };
  const gone = once(child, "exit");
  child.kill();
  await gone;
  return row;
}

function startLsyncd(root) {
  // Only its watching: the command it would start does nothing.
  const config = `${root}.lua`;
  const action = 'delay = 1, maxProcesses = 1, onStartup = "true", onCreate = "true"';
  fs.writeFileSync(
    config,
    `settings { nodaemon = true }\nsync { source = "${root}", ${action} }\n`,
  );
  return startProgram(["lsyncd", "-nodaemon", config], (text) => text.includes("finished."));
}

/** Every watcher in turn, again and again, so that a slow moment hits all; medians. */
export async function compareStarts(root, repeat, without = []) {
  const ways = {
    sersync: () => startInProcess("sersync", root),
    ...(has("inotifywait") && {
      "inotifywait -mr": () =>
        startProgram(["inotifywait", "-mr", root], (text) => text.includes("established")),
    }),
    ...(has("lsyncd") && { lsyncd: () => startLsyncd(root) }),
    chokidar: () => startInProcess("chokidar", root),
  };
  for (const name of without) delete ways[name];
  const rows = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let i = 0; i < repeat; i += 1) {
    for (const [name, start] of Object.entries(ways)) {
      // It takes minutes and gigabytes: once is enough.
      if (name !== "chokidar" || i === 0) rows[name].push(await start());
    }
  }
  console.table(
    Object.fromEntries(Object.entries(rows).map(([name, all]) => [name, medians(all)])),
  );
}

function medians(rows) {
  const keys = Object.keys(rows[0] ?? {});
  return Object.fromEntries(keys.map((key) => [key, median(rows.map((row) => row[key]))]));
}

/** Makes `directories` nested directories with `files` files in them. */
export function makeTree(root, directories, files) {
  fs.mkdirSync(root, { recursive: true });
  const made = [root];
  for (let i = 0; i < directories; i += 1) {
    const directory = `${made[Math.floor((made.length - 1) / 20)]}/directory${i}`;
    fs.mkdirSync(directory);
    made.push(directory);
  }
  for (let i = 0; i < files; i += 1) fs.writeFileSync(`${made[i % made.length]}/file${i}.txt`, "x");
}

const [, script, name, root] = process.argv;
if (script === import.meta.filename) await startHere(name, root);
