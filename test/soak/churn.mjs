// A process of its own that changes a tree at random, as fast as it can, and then prints how many
// operations did something. Arguments: root, seed, how many operations, and "links" for hard links.
import fs from "node:fs";

const [rootPath = "", seed = "1", operationsWanted = "1000", links = "links"] =
  process.argv.slice(2);
// Few names, so that operations meet each other. One of them is excluded where there is a filter.
const names = ["a", "b", "c d", "e*", "f\\", "\xff\n", "-rf", "x.log"];
// Names that break programs which take names for text, options or patterns; used now and then.
const rareNames = [
  "caf\xe9",
  "\xce\xc4\xbc\xfe",
  "`id`",
  "$(id)",
  'say "hi"',
  "[ab]",
  "end\\",
  " lead",
  "trail ",
  "host::module",
  ".hidden",
  "..x",
  "#1",
  "100%s%n",
  "\x1b[31m\r",
  "m".repeat(250),
];
const linkTargets = ["a", "nowhere", "c d/b", "caf\xe9", "."];
const modes = [0o644, 0o600, 0o755, 0o444];
const directoryModes = [0o755, 0o700, 0o775];
/** Up to one file in two hundred is so large that it is searched for what the target has. */
const sizes = [0, 4, 4, 4, 700, 5_000, 40_000];
const largeBytes = 1_500_000;
/** For so long a file with several names keeps them after a change. */
const linkRestMs = 5_000;
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
  return join(someDirectory(), pick(below(8) === 0 ? rareNames : names));
}

/** Something that exists, of the wanted kind, as far as a second look can tell. */
function some(isWanted) {
  const directory = someDirectory();
  return join(directory, pick(children(directory).filter(isWanted)).name);
}

/**
 * A path that may be removed or replaced. Not a file that has other names and was changed a moment
 * ago: if this name goes before anybody could look, nothing tells which other names have changed.
 */
function expendable(path) {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    for (const { name } of children(path)) expendable(join(path, name));
  } else if (stats?.nlink > 1 && Date.now() - stats.ctimeMs < linkRestMs) {
    throw new Error("it was changed a moment ago");
  }
  return path;
}

const someFile = () => some((entry) => entry.isFile());
const something = () => some(() => true);

function content() {
  const size = below(200) === 0 ? largeBytes : pick(sizes);
  return Buffer.alloc(size, `${seed}.${below(1e9)} `);
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = fs.constants;

/** Never through a link: it may lead out of the tree. */
function write(path, data, flag = O_TRUNC) {
  fs.writeFileSync(path, data, { flag: O_WRONLY | O_CREAT | O_NOFOLLOW | flag });
}

function makeDirectory() {
  const path = place();
  fs.mkdirSync(path);
  fs.chmodSync(path, pick(directoryModes));
  for (const name of names.slice(0, 3)) write(join(path, name), content());
}

/** What editors do: the new content gets the name in one step. */
function replace() {
  const path = place();
  const temporary = Buffer.concat([path, Buffer.from(`.${seed}`)]);
  write(temporary, content());
  fs.renameSync(temporary, expendable(path));
}

/** What lies there, whatever has taken its place since it was chosen: but no link's target. */
function opened(path, flags, change) {
  const file = fs.openSync(path, flags | O_NOFOLLOW | O_NONBLOCK);
  try {
    change(file);
  } finally {
    fs.closeSync(file);
  }
}

function patch() {
  opened(someFile(), O_WRONLY, (file) => fs.writeSync(file, `${below(1e9)}`, below(600)));
}

function truncate() {
  opened(someFile(), O_WRONLY, (file) => fs.ftruncateSync(file, below(600)));
}

function changeMode() {
  opened(something(), O_RDONLY, (file) => {
    fs.fchmodSync(file, pick(fs.fstatSync(file).isDirectory() ? directoryModes : modes));
  });
}

/** Another kind of object takes the name at once. */
function changeType() {
  const path = expendable(something());
  const wasDirectory = fs.lstatSync(path).isDirectory();
  fs.rmSync(path, { recursive: true });
  if (below(3) === 0) fs.symlinkSync(Buffer.from(pick(linkTargets), "latin1"), path);
  else if (wasDirectory) write(path, content());
  else fs.mkdirSync(path);
}

const operations = [
  () => write(place(), content()),
  () => write(someFile(), content()),
  () => write(someFile(), content()),
  () => write(someFile(), "more", O_APPEND),
  truncate,
  patch,
  replace,
  makeDirectory,
  makeDirectory,
  () => fs.renameSync(something(), expendable(place())),
  () => fs.renameSync(something(), expendable(place())),
  () => links === "links" && fs.linkSync(someFile(), place()),
  () => fs.unlinkSync(expendable(someFile())),
  () => fs.rmSync(expendable(something()), { recursive: below(3) === 0 }),
  () => fs.symlinkSync(Buffer.from(pick(linkTargets), "latin1"), place()),
  changeMode,
  changeType,
];

let count = 0;
while (count < Number(operationsWanted)) {
  try {
    pick(operations)();
    count += 1;
  } catch {
    // most operations meet the wrong kind of thing, or nothing
  }
}
console.log(count);
