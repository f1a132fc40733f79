import {
  asBytePath,
  type BytePath,
  displayPath,
  type FileEntry,
  isDirectory,
  type Traffic,
} from "../../../protocol/index.ts";
import { formatPermissions, formatTime } from "../listing.ts";
import { formatNumber } from "./number.ts";

/** What a line is about. */
export interface Line {
  readonly entry: FileEntry;
  /** The eleven characters of `%i`. */
  readonly item: string;
  readonly operation: "send" | "recv" | "del.";
  /** Of a hard link: the name that it is a link to. */
  readonly linkedTo?: string | undefined;
  /** Of what is sent: its name with where it lies here, a byte string. Default its name there. */
  readonly fullName?: string | undefined;
  /** Of a file whose content has gone over the line. */
  readonly traffic?: Traffic | undefined;
  /** The sum of the content, or as many blanks. */
  readonly sum?: string;
  /** `-o` and `-g`: whose the entry is counts. */
  readonly keepsOwner: boolean;
  readonly keepsGroup: boolean;
}

/** A field's value: a number that can be made readable, or a byte string. */
type Escape = (line: Line) => string | number;

const escapes: Readonly<Record<string, Escape>> = {
  "%": () => "%",
  b: ({ traffic, operation }) => traffic?.[operation === "recv" ? "received" : "sent"] ?? 0,
  B: ({ entry }) => formatPermissions(entry.mode).slice(1),
  c: ({ traffic, operation }) => traffic?.[operation === "recv" ? "sent" : "received"] ?? 0,
  C: ({ sum = "" }) => sum,
  f: ({ entry, fullName }) => fullName ?? nameOf(entry).replace(/(?<=.)\/$/, ""),
  G: ({ entry, keepsGroup }) => (keepsGroup ? String(entry.gid) : "DEFAULT"),
  i: ({ item }) => item,
  l: ({ entry }) => entry.size,
  m: () => "",
  M: ({ entry }) => formatTime(entry, "-"),
  n: ({ entry }) => nameOf(entry),
  o: ({ operation }) => operation,
  p: () => String(process.pid),
  t: () => formatTime({ mtimeSeconds: Math.floor(Date.now() / 1_000) }, " "),
  U: ({ entry, keepsOwner }) => (keepsOwner ? String(entry.uid) : "0"),
};

/** Apostrophes, which ask for a readable number, stand before or after the width. */
const pattern = /%('*)(-?\d{0,3})('*)([A-Za-z%])/g;
const numbers: ReadonlySet<string> = new Set("GpU");

/**
 * Compiles `--out-format`. What is no escape of a client stays as it is, also those that only a
 * daemon fills in.
 */
export function compileFormat(format: string): (line: Line) => string {
  return (line) =>
    format.replace(
      pattern,
      (whole, before: string, width: string, behind: string, letter: string) => {
        if (letter === "L") return shown(linkText(line, width));
        const value = escapes[letter]?.(line);
        if (value === undefined) return whole;
        const human = before.length + behind.length;
        const text = typeof value === "number" ? formatNumber(value, human) : value;
        const zeros = numbers.has(letter) && width.startsWith("0") && /^\d+$/.test(text);
        return shown(padded(text, width, zeros ? "0" : " "));
      },
    );
}

/** True when lines of this format have one of the fields. */
export function hasField(format: string, letters: string): boolean {
  return [...format.matchAll(pattern)].some(([, , , , letter = ""]) => letters.includes(letter));
}

/** A name of which only the path is known. */
export function shownPath(path: BytePath, wasDirectory: boolean): string {
  return wasDirectory ? `${displayPath(path)}/` : displayPath(path);
}

/** As in rsync a name's width is that of its bytes, before what is unprintable is escaped. */
function padded(text: string, width: string, filler: string): string {
  const columns = Math.abs(Number(width));
  return width.startsWith("-") ? text.padEnd(columns) : text.padStart(columns, filler);
}

function shown(field: string): string {
  return field === "" ? "" : displayPath(asBytePath(field));
}

/** A name as rsync has it: directories end in a slash. A byte string, as all fields. */
function nameOf({ path, mode }: FileEntry): string {
  const name = path === "" ? "." : path;
  return isDirectory({ mode }) ? `${name}/` : name;
}

/** The arrow stands before what is padded, blanks where there is none. */
function linkText({ entry, linkedTo = "" }: Line, width: string): string {
  if (linkedTo !== "") return ` => ${padded(linkedTo, width, " ")}`;
  const { linkTarget } = entry;
  if (linkTarget !== undefined) return ` -> ${padded(linkTarget, width, " ")}`;
  return width === "" ? "" : `    ${padded("", width, " ")}`;
}
