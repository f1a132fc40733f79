import { writeVarint } from "../wire/varint.ts";
import type { Writer } from "../wire/writer.ts";
import { type EntryFormat, EntryWriter, type FileEntry } from "./entry.ts";

/** Names of users and groups; what it does not know travels as a number. */
export interface IdNames {
  user(uid: number): string | undefined;
  group(gid: number): string | undefined;
}

export interface ListFormat extends EntryFormat {
  /** Names are sent behind the list, so that the daemon can map owners by name. */
  readonly idNames: IdNames | undefined;
  /** Compat bit 0x100: the name of id 0 is sent too. */
  readonly namesId0: boolean;
}

const generalError = 1;
const entriesPerStep = 2_000;

/**
 * Writes a whole file list: entries, end marker, names of ids.
 *
 * @param entries in wire order, see {@link inWireOrder}.
 * @param incomplete something could not be listed: the daemon then deletes nothing.
 * @param pace is awaited now and then; it waits while the peer is slower than we are.
 *
 * Wire: protocol 30 and later, without incremental recursion (spec 1 §7).
 */
export async function writeFileList(
  to: Writer,
  entries: readonly FileEntry[],
  format: ListFormat,
  incomplete: boolean,
  pace: () => Promise<void>,
): Promise<void> {
  const writer = new EntryWriter(format);
  let step = 0;
  for (const entry of deletionsFirst(entries)) {
    writer.write(to, entry);
    step += 1;
    if (step % entriesPerStep === 0) await pace();
  }
  writeEnd(to, format, incomplete ? generalError : 0);
  if (format.idNames !== undefined) writeIdNames(to, entries, format, format.idNames);
}

/**
 * The order in which entries are sent, which the daemon does not keep: it sorts and numbers them.
 *
 * rsync 3.4.3, and Debian's 3.2.7 with its security fixes, refuse a mode of 0 where they read one.
 * The mode before the first entry is 0, so deletions that come first are "as before", and pass.
 */
function deletionsFirst(entries: readonly FileEntry[]): readonly FileEntry[] {
  const deletions = entries.filter(({ mode }) => mode === 0);
  if (deletions.length === 0) return entries;
  return [...deletions, ...entries.filter(({ mode }) => mode !== 0)];
}

/** The end marker carries our I/O errors, wherever the agreement has room for them (spec 1 §7.10). */
function writeEnd(to: Writer, format: EntryFormat, ioError: number): void {
  if (format.varintFlags) {
    to.uint8(0);
    writeVarint(to, ioError);
  } else if (ioError === 0) {
    to.uint8(0);
  } else {
    to.uint8(0x04);
    to.uint8(0x10);
    writeVarint(to, ioError);
  }
}

function writeIdNames(
  to: Writer,
  entries: readonly FileEntry[],
  format: ListFormat,
  names: IdNames,
): void {
  if (format.owner) {
    const uids = new Set(entries.map((entry) => entry.uid));
    writeIds(to, uids, (id) => names.user(id), format.namesId0);
  }
  if (format.group) {
    const gids = new Set(entries.map((entry) => entry.gid));
    writeIds(to, gids, (id) => names.group(id), format.namesId0);
  }
}

/** `(id length name)* 0 [length name-of-0]` (spec 1 §7.3). */
function writeIds(
  to: Writer,
  ids: ReadonlySet<number>,
  nameOf: (id: number) => string | undefined,
  namesId0: boolean,
): void {
  for (const id of ids) {
    const name = nameOf(id);
    if (id === 0 || name === undefined) continue;
    writeVarint(to, id);
    writeName(to, name);
  }
  writeVarint(to, 0);
  if (namesId0) writeName(to, nameOf(0) ?? "");
}

function writeName(to: Writer, name: string): void {
  const bytes = Buffer.from(name, "utf8").subarray(0, 0xff);
  to.uint8(bytes.length);
  to.bytes(bytes);
}
