import fs from "node:fs";
import {
  asBytePath,
  type BytePath,
  joinPath,
  nativePath,
  parentPath,
  pathFromText,
  rootPath,
} from "../../protocol/path.ts";
import { type Random, random } from "./random.ts";
import { makeEntry, readTree, type TreeEntry } from "./tree.ts";

/** Names, as byte strings, that break programs which take names for text, patterns or options. */
export const hostileNames: readonly string[] = [
  "\xff\xfe bad",
  "caf\xe9",
  "\xce\xc4\xbc\xfe.txt", // a Chinese name in GBK
  pathFromText("文件-ñ-😀"),
  pathFromText("\u202eRTL"),
  "line1\nline2",
  "tab\tcr\resc\x1b[31m",
  "it's",
  'say "hi"',
  "`id`",
  "$(id)",
  "*",
  "a*b",
  "what?",
  "[ab]",
  "[",
  "{a,b}",
  "-rf",
  "--delete",
  " lead",
  "trail ",
  "back\\slash",
  "end\\",
  "~root",
  "file~",
  ".hidden",
  ".name.Ab12Cd",
  "..x",
  "#hash",
  "100%s%n",
  "a;b&c|d",
  "host::module",
  "<a>&amp;",
  "constructor",
  "m".repeat(250),
  "n".repeat(255),
];

// Sizes at which rsync changes its mind: empty, one block, one literal, one read; and up to 200 KB.
const turningSizes = [0, 1, 699, 700, 701, 1400, 32_767, 32_768, 32_769, 131_072, 200_000];
const fileModes = [0o644, 0o600, 0o755, 0o640, 0o666, 0o400, 0o4755];
const directoryModes = [0o755, 0o700, 0o775, 0o711];

function chooseName(chance: Random): string {
  if (chance.oneIn(2)) return chance.pick(hostileNames);
  const letters = "ab0-_.+".split("");
  const length = 1 + chance.below(8);
  const name = Array.from({ length }, () => chance.pick(letters)).join("");
  return name === "." || name === ".." ? "dots" : name;
}

function chooseContent(chance: Random): Buffer {
  const size = chance.oneIn(2) ? chance.pick(turningSizes) : chance.below(20_000);
  // Repetitive content has blocks that look alike; random content has none.
  return chance.oneIn(4)
    ? Buffer.alloc(size, chance.bytes(1 + chance.below(900)))
    : chance.bytes(size);
}

// A daemon that cannot have a chroot rewrites links that lead out of its module. They lead nowhere:
// what changes trees at random would write through them, as root, into the machine's own files.
const outside = process.getuid?.() === 0 ? ["../../../nonexistent/x", "/nonexistent/\xff"] : [];
const linkTargets = ["nowhere", ".", "a b", "-x", "caf\xe9", ...outside];

function chooseEntry(chance: Random): TreeEntry {
  const kind = chance.below(10);
  if (kind < 2) return { type: "directory", mode: chance.pick(directoryModes) };
  if (kind < 4) return { type: "symlink", target: chance.pick(linkTargets) };
  return { type: "file", content: chooseContent(chance), mode: chance.pick(fileModes) };
}

/** Seconds with a fraction, which Node keeps to the microsecond. */
function chooseTime(chance: Random): number {
  return chance.below(2 ** 31) + chance.below(1e9) / 1e9;
}

function exists(root: string, at: BytePath): boolean {
  return fs.lstatSync(nativePath(root, at), { throwIfNoEntry: false }) !== undefined;
}

// Every change gets a time of its own: rsync's quick check rightly takes two contents of the same
// size and second for the same file.
function setTime(root: string, at: BytePath, chance: Random): void {
  const time = chooseTime(chance);
  fs.lutimesSync(nativePath(root, at), time, time);
}

/** Creates an entry under a new name in `directory`; undefined when the name drawn is taken. */
function addEntry(root: string, directory: BytePath, chance: Random): BytePath | undefined {
  const at = joinPath(directory, chooseName(chance));
  if (exists(root, at) || at.length > 1500) return undefined;
  makeEntry(root, at, chooseEntry(chance));
  setTime(root, at, chance);
  return at;
}

function directoriesOf(root: string): BytePath[] {
  const tree = readTree(root);
  return [...tree.keys()].filter((at) => tree.get(at)?.type === "directory").sort();
}

/** Fills the directory `root` with about `entries` (default 120) entries drawn from `seed`. */
export function makeHostileTree(root: string, seed: number, entries = 120): void {
  const chance = random(seed);
  fs.mkdirSync(root, { recursive: true });
  const directories = [rootPath];
  for (let i = 0; i < entries; i += 1) {
    const at = addEntry(root, chance.pick(directories), chance);
    if (at !== undefined && fs.lstatSync(nativePath(root, at)).isDirectory()) directories.push(at);
  }
  // Creating an entry changed its directory's time again.
  for (const at of directories) setTime(root, at, chance);
}

function pickEntry(root: string, chance: Random): BytePath | undefined {
  const paths = [...readTree(root).keys()].filter((at) => at !== rootPath).sort();
  return paths.length === 0 ? undefined : chance.pick(paths);
}

function editFile(root: string, at: BytePath, chance: Random): void {
  const file = nativePath(root, at);
  const content = fs.readFileSync(file);
  const where = chance.below(content.length + 1);
  const inserted = chance.bytes(chance.below(2000));
  const rest = content.subarray(chance.oneIn(2) ? where : Math.min(content.length, where + 900));
  // A file that cannot be written is replaced, as editors do.
  fs.rmSync(file);
  fs.writeFileSync(file, Buffer.concat([content.subarray(0, where), inserted, rest]));
  setTime(root, at, chance);
}

function moveEntry(root: string, at: BytePath, chance: Random): void {
  const outside = directoriesOf(root).filter((d) => d !== at && !d.startsWith(`${at}/`));
  const to = joinPath(chance.pick(outside), chooseName(chance));
  if (!exists(root, to) && to.length < 500)
    fs.renameSync(nativePath(root, at), nativePath(root, to));
}

function changeMode(root: string, at: BytePath, chance: Random): void {
  const file = nativePath(root, at);
  const stats = fs.lstatSync(file);
  if (stats.isSymbolicLink()) return;
  fs.chmodSync(file, chance.pick(stats.isDirectory() ? directoryModes : fileModes));
}

function replaceEntry(root: string, at: BytePath, chance: Random): void {
  fs.rmSync(nativePath(root, at), { recursive: true });
  makeEntry(root, at, chooseEntry(chance));
  setTime(root, at, chance);
}

function removeEntry(root: string, at: BytePath): void {
  fs.rmSync(nativePath(root, at), { recursive: true });
}

function editOrAdd(root: string, at: BytePath, chance: Random): void {
  const isFile = fs.lstatSync(nativePath(root, at)).isFile();
  if (isFile) editFile(root, at, chance);
  else addEntry(root, parentPath(at), chance);
}

const mutations = [editOrAdd, editOrAdd, moveEntry, changeMode, setTime, replaceEntry, removeEntry];

/** Makes `steps` (default 40) changes drawn from `seed`: edits, moves, type changes, deletions. */
export function mutateTree(root: string, seed: number, steps = 40): void {
  const chance = random(seed);
  for (let i = 0; i < steps; i += 1) {
    const at = pickEntry(root, chance);
    if (at === undefined || chance.oneIn(5)) {
      addEntry(root, chance.pick(directoriesOf(root)), chance);
    } else {
      chance.pick(mutations)(root, asBytePath(at), chance);
    }
  }
}
