// `npm run bench -- --memory 1000000`: how much memory a push of so many small files takes at its
// peak, and one of a sparse file, beside stock rsync. Needs two inodes a file, in memory where
// there is /dev/shm.

import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const main = new URL("../../dist/bin/sersync.js", import.meta.url).pathname;
const filesPerDirectory = 1_000;
const pollMs = 50;

function makeFiles(root, files) {
  for (let file = 0; file < files; file += 1) {
    const directory = Math.floor(file / filesPerDirectory);
    const at = `${root}/${directory % 10}/d${directory}`;
    if (file % filesPerDirectory === 0) fs.mkdirSync(at, { recursive: true });
    fs.writeFileSync(`${at}/file-${file}`, `${file}`);
  }
}

/** The most memory a process has had so far, in KiB; undefined when it is gone. */
function peakOf(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

/** Runs a program; what it took at its peak, and how long. */
async function measure(program, words) {
  const startedAt = performance.now();
  const child = spawn(program, words, { stdio: ["ignore", "ignore", "inherit"] });
  let peakKib = 0;
  const polling = setInterval(() => {
    peakKib = Math.max(peakKib, peakOf(child.pid) || 0);
  }, pollMs);
  const code = await new Promise((resolve) => child.once("exit", resolve));
  clearInterval(polling);
  if (code !== 0) throw new Error(`${program} exited with ${code}`);
  return `${Math.round(peakKib / 1024)} MB in ${Math.round((performance.now() - startedAt) / 1000)} s`;
}

async function compare(what, { source, daemon, options, program, user, passwordFile }) {
  const words = [...options, `--password-file=${passwordFile}`, `${source}/`];
  const url = daemon.url("backup", user);
  const target = daemon.path("backup");
  const empty = () => {
    for (const name of fs.readdirSync(target)) {
      fs.rmSync(path.join(target, name), { recursive: true });
    }
  };
  empty();
  const ours = await measure(process.execPath, [main, "push", ...words, url]);
  const again = await measure(process.execPath, [main, "push", ...words, url]);
  empty();
  const stock = await measure(program, [...words, url]);
  empty();
  console.log(
    `peak memory, ${what}: sersync push ${ours}, unchanged ${again}; rsync ${stock} (its sender alone)`,
  );
}

/** Measures pushes of `files` files and of one sparse file of `sparseGib` GiB. */
export async function benchMemory({ files, sparseGib, directory, ...rig }) {
  const many = `${directory}/many`;
  const large = `${directory}/large`;
  makeFiles(many, files);
  await compare(`${files} files`, { ...rig, source: many, options: ["-a"] });
  fs.rmSync(many, { recursive: true });
  fs.mkdirSync(large);
  fs.closeSync(fs.openSync(`${large}/sparse`, "w"));
  fs.truncateSync(`${large}/sparse`, sparseGib * 2 ** 30);
  await compare(`a sparse file of ${sparseGib} GiB`, { ...rig, source: large, options: ["-aS"] });
}
