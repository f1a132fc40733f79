// What the benchmarks push, and where.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";

const filesPerDirectory = 50;

/** Memory, where there is one: a disk's mood would be measured otherwise. */
export const temporary = fs.existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir();

/** Makes so many files of random content, 50 to a directory. */
export function makeFiles(root, count, bytes = 10 * 1024) {
  for (let file = 0; file < count; file += 1) {
    const directory = `${root}/d${Math.floor(file / filesPerDirectory)}`;
    if (file % filesPerDirectory === 0) fs.mkdirSync(directory, { recursive: true });
    fs.writeFileSync(`${directory}/f${file}`, randomBytes(bytes));
  }
}

/** Makes one file in which no two MiB are equal. */
export function makeBig(root, megabytes) {
  fs.mkdirSync(root);
  const descriptor = fs.openSync(`${root}/big`, "w");
  for (let written = 0; written < megabytes; written += 1) {
    fs.writeSync(descriptor, randomBytes(2 ** 20));
  }
  fs.closeSync(descriptor);
}

export function empty(directory) {
  for (const name of fs.readdirSync(directory)) {
    fs.rmSync(`${directory}/${name}`, { recursive: true });
  }
}

export function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
