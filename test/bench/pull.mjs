// `npm run bench -- pull`: sersync pull, stock rsync, and pull() in a process that has run it before,
// fetch the same from a stock daemon in turn; what counts are the ratios of the medians.
//   npm run bench -- pull [--runs N] [--files N] [--megabytes N]
import fs from "node:fs";
import { build } from "../prepare.mjs";
import { daemonLines, daemonProgram, installedProgram } from "../support/daemons.mjs";
import { startDaemon } from "../support/rsyncd.mjs";
import { empty, makeBig, makeFiles, temporary } from "./trees.mjs";
import { archive, command, compare, readSizes } from "./turns.mjs";

const { runs, files, megabytes } = readSizes();
const main = new URL("../../dist/bin/sersync.js", import.meta.url).pathname;

async function call() {
  const { pull } = await import("../../dist/protocol/index.js");
  return {
    name: "pull()",
    transfer: async (url, destination) => {
      const { totals } = await pull(url, destination, { transfer: archive });
      return totals.sentBytes + totals.receivedBytes;
    },
  };
}

const directory = fs.mkdtempSync(`${temporary}/sersync-bench-`);
const [small, large, to] = ["small", "large", "pulled"].map((name) => `${directory}/${name}`);
await build();
fs.mkdirSync(to);
makeFiles(small, files);
makeBig(large, megabytes);
const program = daemonProgram(daemonLines[0].version) ?? installedProgram();
const daemon = await startDaemon({
  program,
  modules: { small: { path: small }, large: { path: large } },
});
try {
  const contenders = [
    command("rsync", program, []),
    command("sersync pull", process.execPath, [main, "pull"]),
    await call(),
  ];
  const fromNothing = (module) => ({ from: daemon.url(module), to, prepare: () => empty(to) });
  const rig = { contenders, runs };
  await compare(`${files} files of 10 KB`, fromNothing("small"), rig);
  await compare(`${files} files, unchanged`, { ...fromNothing("small"), prepare: () => {} }, rig);
  await compare(`${megabytes} MB in one file`, fromNothing("large"), rig);
} finally {
  await daemon.remove();
  fs.rmSync(directory, { recursive: true });
}
