// A process of its own that changes a tree at random, as fast as it can.
// Arguments: root, seed, how long in ms.
import fs from "node:fs";

const [rootPath = "", seed = "1", durationMs = "2000"] = process.argv.slice(2);
// Few names, so that operations meet each other; directories of the last level have only files.
const names = ["a", "b", "c d", "e*", "f\\", "\xff\n"];
const modes = [0o644, 0o600, 0o755, 0o444];
const directoryModes = [0o755, 0o700, 0o775];
let state = Number(seed) | 0;

/** mulberry32: the same numbers for the same seed, on every machine. */
function below(limit) {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % limit;
}

function pick(choices) {
  return choices[below(choices.length)];
}

const root = Buffer.from(rootPath, "latin1");

function join(directory, name) {
  return Buffer.concat([directory, Buffer.from(`/${name}`, "latin1")]);
}

function children(directory) {
  return fs.readdirSync(directory, { withFileTypes: true, encoding: "latin1" });
}

/** A directory that exists, most of them two or three levels down. */
function someDirectory() {
  let directory = root;
  for (let depth = pick([0, 1, 2, 2, 3, 3]); depth > 0; depth -= 1) {
    const below = children(directory).filter((child) => child.isDirectory());
    if (below.length === 0) return directory;
    directory = join(directory, pick(below).name);
  }
  return directory;
}

/** A name in a directory that exists; perhaps something has it. */
function place() {
  return join(someDirectory(), pick(names));
}

/** Something that exists, of the wanted kind, as far as a second look can tell. */
function some(isWanted) {
  const directory = someDirectory();
  return join(directory, pick(children(directory).filter(isWanted)).name);
}

const someFile = () => some((entry) => entry.isFile());
const something = () => some(() => true);

function content() {
  return Buffer.alloc(pick([0, 4, 4, 4, 700, 5_000, 40_000]), `${seed}.${below(1e9)} `);
}

function makeDirectory() {
  const path = place();
  fs.mkdirSync(path);
  fs.chmodSync(path, pick(directoryModes));
  for (const name of names.slice(0, 3)) fs.writeFileSync(join(path, name), content());
}

function replace() {
  const path = place();
  const temporary = Buffer.concat([path, Buffer.from(`.${seed}`)]);
  fs.writeFileSync(temporary, content());
  fs.renameSync(temporary, path);
}

function changeMode() {
  const path = something();
  fs.chmodSync(path, pick(fs.lstatSync(path).isDirectory() ? directoryModes : modes));
}

const operations = [
  () => fs.writeFileSync(place(), content()),
  () => fs.writeFileSync(someFile(), content()),
  () => fs.writeFileSync(someFile(), content()),
  () => fs.appendFileSync(someFile(), "more"),
  () => fs.truncateSync(someFile(), below(600)),
  replace,
  makeDirectory,
  makeDirectory,
  () => fs.renameSync(something(), place()),
  () => fs.renameSync(something(), place()),
  () => fs.unlinkSync(someFile()),
  () => fs.rmSync(something(), { recursive: below(3) === 0 }),
  () => fs.symlinkSync(pick(["a", "nowhere", "../b"]), place()),
  changeMode,
];

let count = 0;
const end = performance.now() + Number(durationMs);
while (performance.now() < end) {
  try {
    pick(operations)();
    count += 1;
  } catch {
    // most operations meet the wrong kind of thing, or nothing
  }
}
console.log(count);
