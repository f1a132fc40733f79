import { spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** The compiled program. */
export const dist = path.resolve(process.env.SERSYNC_DIST ?? "dist");

/** Ways to watch `root`; each resolves when it is ready. `onChange` gets the kind and the path. */
export const openers = {
  async sersync(root, onChange, onState = () => {}) {
    const { openWatcher } = await import(pathToFileURL(`${dist}/src/watch/watcher.js`).href);
    const watcher = openWatcher({
      root,
      backend: "inotify",
      willScan: true,
      onChanges: (changes) => {
        for (const change of changes) onChange(change.kind, change.path ?? change.to);
      },
      onState,
    });
    await watcher.ready;
    return watcher;
  },
  async chokidar(root, onChange) {
    const { watch } = await import("chokidar");
    const watcher = watch(root, { ignoreInitial: true });
    watcher.on("all", (_, name) => onChange("path", path.relative(root, name)));
    await once(watcher, "ready");
    return watcher;
  },
};

/** How many inotify watches a process has. */
export function countWatches(pid) {
  let count = 0;
  for (const fd of fs.readdirSync(`/proc/${pid}/fdinfo`)) {
    try {
      const info = fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1");
      count += info.split("\n").filter((line) => line.startsWith("inotify wd")).length;
    } catch {} // closed since the listing
  }
  return count;
}

export function rssMiB(pid = process.pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, "latin1");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
}

export function has(program) {
  return spawnSync(program, ["--help"]).error === undefined;
}

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** CPU of this process since `before`, in ms. */
export function cpuMs(before) {
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1000);
}
