import { RsyncError } from "../errors.ts";
import { type FileEntry, fileTypes, isSymlink } from "./entry.ts";

/** What one clause of `--chmod` does to the low twelve bits of a mode. */
interface Clause {
  readonly appliesTo: "directories" | "others" | "all";
  /** What stays, and what is added, of a mode as the clauses before have left it. */
  readonly keeps: (mode: number) => number;
  readonly adds: (mode: number) => number;
  /** `X`: execution is only added to directories, and to what somebody may execute already. */
  readonly sparesExecution: boolean;
}

const allBits = 0o7777;
const execution = 0o111;

const clauseForm = /^([DF]?)(?:([0-7]{1,4})|([ugoa]*)([-+=])([rwxXst]*|[ugo]))$/;
const whoBits: Readonly<Record<string, number>> = { u: 0o100, g: 0o010, o: 0o001, a: 0o111 };
const specialOf: Readonly<Record<string, number>> = {
  u: 0o4000,
  g: 0o2000,
  a: 0o6000,
};
const rights: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1, X: 1 };

/** Changes the modes that a file list tells. */
export type ModeChange = (entry: FileEntry) => FileEntry;

/**
 * Reads rsync's `--chmod`: clauses as chmod(1) has them, `D` in front for directories only and `F`
 * for everything else, commas in between.
 *
 * @param umask takes part where a clause does not say who is meant.
 * @throws {RsyncError} BAD_OPTION for what is no such list.
 */
export function parseChmod(text: string, umask: number): ModeChange {
  const clauses = text.split(",").map((clause) => parseClause(clause, umask, text));
  return (entry) => {
    if (entry.mode === 0 || isSymlink(entry)) return entry;
    return { ...entry, mode: clauses.reduce(applierFor(entry.mode), entry.mode) };
  };
}

function parseClause(clause: string, umask: number, text: string): Clause {
  const found = clauseForm.exec(clause);
  if (found === null) {
    throw new RsyncError(
      "BAD_OPTION",
      `Cannot change modes by ${JSON.stringify(text)}: found ${JSON.stringify(clause)}, expected clauses such as D755, F644, u+rw or go=rX`,
    );
  }
  const [, kind, octal, who = "", operator, what = ""] = found;
  const appliesTo = kind === "D" ? "directories" : kind === "F" ? "others" : "all";
  if (octal !== undefined) {
    const adds = Number.parseInt(octal, 8);
    return { appliesTo, keeps: () => 0, adds: () => adds, sparesExecution: false };
  }
  const isCopy = /^[ugo]$/.test(what);
  const bits = isCopy ? copiedBits : symbolicBits;
  return { appliesTo, ...bits(who, operator as string, what, umask) };
}

const classShift: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/** The rights of one class for others: `g=u`. */
function copiedBits(
  who: string,
  operator: string,
  from: string,
  umask: number,
): Omit<Clause, "appliesTo"> {
  const where = unite(who === "" ? "a" : who, whoBits);
  const mask = who === "" ? ~umask : allBits;
  const bits = (mode: number): number =>
    (where * ((mode >> (classShift[from] as number)) & 7)) & mask;
  const kept = { "+": allBits, "=": allBits & ~(where * 7) & ~unite(who, specialOf) }[operator];
  return {
    keeps: (mode) => kept ?? allBits & ~bits(mode),
    adds: (mode) => (operator === "-" ? 0 : bits(mode)),
    sparesExecution: false,
  };
}

function symbolicBits(
  who: string,
  operator: string,
  what: string,
  umask: number,
): Omit<Clause, "appliesTo"> {
  const where = unite(who === "" ? "a" : who, whoBits);
  const rightBits = where * unite(what, rights);
  const named = who === "" ? rightBits & ~umask : rightBits;
  const special = specialBits(who, what);
  const sparesExecution = what.includes("X");
  const bits = named | special;
  const specialOfWho = special === 0 ? 0 : unite(who, specialOf);
  const kept = { "+": allBits, "-": allBits & ~bits }[operator];
  const keeps = kept ?? allBits & ~(where * 7) & ~specialOfWho;
  const adds = operator === "-" ? 0 : bits;
  return { keeps: () => keeps, adds: () => adds, sparesExecution };
}

/** `s` belongs to whom it is given, to the user when that is nobody; `t` to nobody. */
function specialBits(who: string, what: string): number {
  const setId = what.includes("s") ? unite(who, specialOf) || 0o4000 : 0;
  return setId | (what.includes("t") ? 0o1000 : 0);
}

function unite(letters: string, table: Readonly<Record<string, number>>): number {
  return Array.from(letters).reduce((bits, letter) => bits | (table[letter] ?? 0), 0);
}

/** Applies one clause after the other to an object whose mode was `original`. */
function applierFor(original: number): (mode: number, clause: Clause) => number {
  const isDirectory = (original & fileTypes.mask) === fileTypes.directory;
  const isExecutable = (original & execution) !== 0;
  return (mode, { appliesTo, keeps, adds, sparesExecution }) => {
    if (appliesTo === (isDirectory ? "others" : "directories")) return mode;
    const spares = sparesExecution && !isExecutable && !isDirectory;
    const added = adds(mode);
    return (mode & (keeps(mode) | ~allBits)) | (spares ? added & ~execution : added);
  };
}
