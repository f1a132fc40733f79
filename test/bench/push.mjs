// `npm run bench -- push`: sersync push, stock rsync, and push() in a process that has run it before,
// do the same work in turn; what counts are the ratios of the medians. The command's time begins with
// its process, of which Node takes its share; the call's does not.
//   npm run bench -- push [--runs N] [--files N] [--megabytes N]
import fs from "node:fs";
import { build } from "../prepare.mjs";
import { daemonLines, daemonProgram, installedProgram } from "../support/daemons.mjs";
import { startDaemon } from "../support/rsyncd.mjs";
import { empty, makeBig, makeFiles, temporary } from "./trees.mjs";
import { archive, command, compare, readSizes } from "./turns.mjs";

const { runs, files, megabytes } = readSizes();
const main = new URL("../../dist/bin/sersync.js", import.meta.url).pathname;
async function call() {
  const { push } = await import("../../dist/protocol/index.js");
  return {
    name: "push()",
    transfer: async (source, url) => {
      const { totals } = await push(source, url, { transfer: archive });
      return totals.sentBytes + totals.receivedBytes;
    },
  };
}

/** Before each push the module has what is to be pushed, but for what `change` makes of it. */
function differing({ from, to, module }, change) {
  return {
    from,
    to,
    prepare: () => {
      const bytes = change(fs.readFileSync(`${from}/big`));
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
  const { directory, module, to } = rig;
  const from = `${directory}/files/`;
  makeFiles(from, count, bytes);
  const title = `${count} files of ${bytes} bytes`;
  await compare(`${title} to an empty module`, { from, to, prepare: () => empty(module) }, rig);
  await compare(`${title}, unchanged`, { from, to, prepare: () => {} }, rig);
  empty(module);
  fs.rmSync(from, { recursive: true });
}

async function benchBig(rig) {
  const { directory, module, to } = rig;
  const from = `${directory}/large/`;
  makeBig(from, megabytes);
  const title = `${megabytes} MB in one file`;
  await compare(title, { from, to, prepare: () => empty(module) }, rig);
  await compare(`${title}, 100 edits`, differing({ from, to, module }, withEdits), rig);
  await compare(`${title}, 1 MB inserted`, differing({ from, to, module }, withoutMiddle), rig);
}

const directory = fs.mkdtempSync(`${temporary}/sersync-bench-`);
const module = `${directory}/module`;
await build();
fs.mkdirSync(module);
const program = daemonProgram(daemonLines[0].version) ?? installedProgram();
const daemon = await startDaemon({ program, modules: { backup: { path: module } } });
try {
  const contenders = [
    command("rsync", program, []),
    command("sersync push", process.execPath, [main, "push"]),
    await call(),
  ];
  const rig = { directory, module, to: daemon.url("backup"), contenders, runs };
  await benchFiles(rig, files, 10 * 1024);
  await benchFiles(rig, files * 5, 100);
  await benchBig(rig);
} finally {
  await daemon.remove();
  fs.rmSync(directory, { recursive: true });
}
