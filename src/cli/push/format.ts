import {
  asBytePath,
  type BytePath,
  displayPath,
  type FileEntry,
  isDirectory,
  RsyncError,
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
}

/** A field's value: a number, or a byte string. */
type Escape = (line: Line) => string | number;

const escapes: Readonly<Record<string, Escape>> = {
  f: ({ entry }) => nameOf(entry).replace(/(?<=.)\/$/, ""),
  G: ({ entry }) => entry.gid,
  i: ({ item }) => item,
  l: ({ entry }) => entry.size,
  L: ({ entry, linkedTo }) => linkText(entry, linkedTo),
  M: ({ entry }) => formatTime(entry, "-"),
  n: ({ entry }) => nameOf(entry),
  o: ({ operation }) => operation,
  p: () => process.pid,
  B: ({ entry }) => formatPermissions(entry.mode).slice(1),
  t: () => formatTime({ mtimeSeconds: Math.floor(Date.now() / 1_000) }, " "),
  U: ({ entry }) => entry.uid,
};

const pattern = /%(-?\d{1,3})?('*)([A-Za-z%])/g;

/**
 * Compiles `--out-format`.
 *
 * @throws {RsyncError} BAD_OPTION for an escape that cannot be filled in.
 */
export function compileFormat(format: string): (line: Line) => string {
  for (const [whole, , , letter = ""] of format.matchAll(pattern)) {
    if (letter === "%" || escapes[letter] !== undefined) continue;
    throw new RsyncError("BAD_OPTION", `--out-format: ${whole} is not available here`);
  }
  return (line) =>
    format.replace(pattern, (_, width: string | undefined, groups: string, letter: string) => {
      if (letter === "%") return "%";
      const value = (escapes[letter] as Escape)(line);
      const text = typeof value === "number" ? formatNumber(value, groups.length) : value;
      const columns = Math.abs(Number(width ?? 0));
      // As in rsync a name's width is that of its bytes, before what is unprintable is escaped.
      const field = width?.startsWith("-") ? text.padEnd(columns) : text.padStart(columns);
      return field === "" ? "" : displayPath(asBytePath(field));
    });
}

/** A name of which only the path is known. */
export function shownPath(path: BytePath, wasDirectory: boolean): string {
  return wasDirectory ? `${displayPath(path)}/` : displayPath(path);
}

/** A name as rsync has it: directories end in a slash. A byte string, as all fields. */
function nameOf({ path, mode }: FileEntry): string {
  const name = path === "" ? "." : path;
  return isDirectory({ mode }) ? `${name}/` : name;
}

function linkText({ linkTarget }: FileEntry, linkedTo: string | undefined): string {
  if (linkedTo !== undefined && linkedTo !== "") return ` => ${linkedTo}`;
  return linkTarget === undefined ? "" : ` -> ${linkTarget}`;
}
