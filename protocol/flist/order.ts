import { type FileEntry, isDirectory, topOfRoot } from "./entry.ts";
import { atOnce, eachOf, type Stepwise, sortedByKey } from "./stepwise.ts";

// Chars below any byte of a name's first position that matters: they rank what follows.
const nonDirectory = "\x00";
const directory = "\x01";

/**
 * A string whose plain comparison puts entries into the order in which both ends number them.
 *
 * At each level: "." first, then everything that is no directory, then the directories, each with
 * its content behind it; a directory compares as if its name ended in "/".
 *
 * Wire: protocol 29 and later (spec 1 §7.11).
 */
export function sortKey(entry: Pick<FileEntry, "path" | "mode">): string {
  const { path } = entry;
  if (path === "") return nonDirectory;
  if (path === topOfRoot) return `${directory}/${nonDirectory}`;
  let key = "";
  let start = 0;
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", start)) {
    key += directory + path.slice(start, slash + 1);
    start = slash + 1;
  }
  const last = path.slice(start);
  return isDirectory(entry) ? `${key}${directory}${last}/` : `${key}${nonDirectory}${last}`;
}

/** Names are compared as bytes, whatever is in them. Wire: protocol 28 and earlier. */
function plainSortKey({ path }: Pick<FileEntry, "path">): string {
  return path === "" ? "." : path;
}

/**
 * The entries as the daemon will number them: sorted, and of several with the same name one only,
 * a directory before anything else. Protocols from 29 on have {@link sortKey}'s order.
 */
export function inWireOrder(entries: readonly FileEntry[], protocol = 32): FileEntry[] {
  return atOnce(numbered(entries, protocol)).slots.filter((entry) => entry !== undefined);
}

/** Entries by their numbers in one list. */
export interface NumberedEntries {
  readonly slots: readonly (FileEntry | undefined)[];
  /** Its directories in that order, which gives them numbers of their own, gaps included. */
  readonly directories: readonly (FileEntry | undefined)[];
  /** The numbers in the order of the names, where it is another. Default: as they count. */
  readonly order?: readonly number[];
}

/**
 * The same, where entries that do not count leave a gap: they have numbers all the same. A
 * directory that any of its entries lists with its content has it (spec 1 §7.11).
 */
export function* numbered(entries: readonly FileEntry[], protocol = 32): Stepwise<NumberedEntries> {
  const keyOf = protocol < 29 ? plainSortKey : sortKey;
  const keyed: { readonly entry: FileEntry; readonly key: string }[] = [];
  const directories = new Set<string>();
  yield* eachOf(entries, (entry) => {
    keyed.push({ entry, key: keyOf(entry) });
    if (isDirectory(entry)) directories.add(entry.path);
  });
  const slots: (FileEntry | undefined)[] = [];
  const places: number[] = [];
  let last = -1;
  yield* eachOf(yield* sortedByKey(keyed), ({ entry }) => {
    if (isDirectory(entry)) places.push(slots.length);
    // Names of one type stand side by side; of several types the directory stays.
    const twin = slots[last];
    const isTwin = twin?.path === entry.path;
    if (isTwin || (!isDirectory(entry) && directories.has(entry.path))) {
      if (isTwin && isDirectory(entry)) slots[last] = merged(twin, entry);
      slots.push(undefined);
    } else {
      last = slots.push(entry) - 1;
    }
  });
  return { slots, directories: places.map((place) => slots[place]) };
}

/** A directory that is listed twice: it is named, and has its content, if one of them says so. */
function merged(first: FileEntry, again: FileEntry): FileEntry {
  const hasContent = first.hasContent || again.hasContent === true;
  const isImplied = first.isImplied === true && again.isImplied === true && !hasContent;
  const isSame = hasContent === first.hasContent && isImplied === first.isImplied;
  return isSame ? first : { ...first, hasContent, isImplied };
}
