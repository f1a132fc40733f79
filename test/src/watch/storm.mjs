// A process of its own that changes a tree at random, as fast as it can.
// Arguments: root, a directory outside of it, seed, number of operations.
import fs from "node:fs";
import { createRequire } from "node:module";

const [root = "", outside = "", seed = "1", operations = "1000"] = process.argv.slice(2);
const names = ["a", "b", "c", "d", "e\u00e4"];
let state = Number(seed) | 0;

/** mulberry32: the same numbers for the same seed, on every machine. */
function random(below) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

function path() {
  let path = root;
  for (let depth = random(4); depth >= 0; depth -= 1) path += `/${names[random(names.length)]}`;
  return path;
}

const koffi = createRequire(import.meta.url)("koffi");
const renameat2 = koffi
  .load(null)
  .func("int renameat2(int from, const char *old, int to, const char *new, uint32_t flags)");
const here = -100;
let count = 0;

function write(target) {
  // Content written through one hard link changes the others without an event of theirs.
  if ((fs.lstatSync(target, { throwIfNoEntry: false })?.nlink ?? 1) > 1) fs.unlinkSync(target);
  fs.writeFileSync(target, `${seed}.${count}`);
}

function replace(target) {
  const temporary = `${target}.${seed}.tmp`;
  fs.writeFileSync(temporary, `${seed}.${count}`);
  fs.renameSync(temporary, target);
}

const actions = [
  () => write(path()),
  () => write(path()),
  () => replace(path()),
  () => fs.mkdirSync(path(), { recursive: true }),
  () => fs.mkdirSync(path()),
  () => fs.renameSync(path(), path()),
  () => fs.renameSync(path(), path()),
  () => fs.renameSync(path(), path()),
  () => renameat2(here, path(), here, path(), 2),
  () => fs.rmSync(path(), { recursive: random(3) === 0 }),
  () => fs.rmdirSync(path()),
  () => fs.unlinkSync(path()),
  () => fs.linkSync(path(), path()),
  () => fs.symlinkSync("a/b", path()),
  () => fs.renameSync(path(), `${outside}/${names[random(names.length)]}`),
  () => fs.renameSync(`${outside}/${names[random(names.length)]}`, path()),
];

for (count = 0; count < Number(operations); count += 1) {
  try {
    actions[random(actions.length)]();
  } catch {
    // most operations meet the wrong kind of thing, or nothing: that is how storms are
  }
}
