import { writeVarint } from "../wire/varint.ts";
import type { Writer } from "../wire/writer.ts";
import { ClassicEntryWriter } from "./classic-entry.ts";
import { type EntryFormat, type FileEntry, isDirectory } from "./entry.ts";
import { EntryWriter } from "./entry-writer.ts";
import { type IdNames, writeIdName } from "./id-names.ts";

export type { IdNames } from "./id-names.ts";

export interface ListFormat extends EntryFormat {
  readonly protocol: number;
  /** What is in directories is listed, too. */
  readonly recursive: boolean;
  /** Names are sent behind the list, so that the daemon can map owners by name. */
  readonly idNames: IdNames | undefined;
  /** `-A`: names are sent whether owners are or not. Default false. */
  readonly namesAccess?: boolean;
  /** How an entry is told whose names have another character set. Default: as it is. */
  readonly converts?: ((entry: FileEntry) => FileEntry) | undefined;
  /** `-X`. Default false. */
  readonly xattrs?: boolean;
  /** Compat bit 0x100: the name of id 0 is sent too. */
  readonly namesId0: boolean;
}

/** Something could not be listed: whoever deletes what is missing must not (spec 1 §7.10). */
export const generalError = 1;
const entriesPerStep = 2_000;

/**
 * Writes a whole file list: entries, end marker, names of ids.
 *
 * @param entries in wire order, see {@link inWireOrder}.
 * @param incomplete something could not be listed: the daemon then deletes nothing.
 * @param pace is awaited now and then; it waits while the peer is slower than we are.
 *
 * Wire: protocol 27 and later, without incremental recursion (spec 1 §7).
 */
export async function writeFileList(
  to: Writer,
  entries: readonly FileEntry[],
  format: ListFormat,
  incomplete: boolean,
  pace: () => Promise<void>,
): Promise<void> {
  const form = format.protocol < 30 ? classicForm : varintForm;
  const writer = form.open(format);
  let step = 0;
  for (const entry of form.order(entries)) {
    writer.write(to, format.converts === undefined ? entry : format.converts(entry));
    step += 1;
    if (step % entriesPerStep === 0) await pace();
  }
  const ioError = incomplete ? generalError : 0;
  form.end(to, format, ioError);
  if (format.idNames !== undefined) {
    writeIdNames(to, entries, format, format.idNames, form.number);
  }
  form.last?.(to, ioError);
}

/** How lists look in one family of protocols. */
interface ListForm {
  open(format: ListFormat): { write(to: Writer, entry: FileEntry): void };
  /** The order in which entries are sent, which the daemon does not keep. */
  order(entries: readonly FileEntry[]): readonly FileEntry[];
  end(to: Writer, format: EntryFormat, ioError: number): void;
  readonly number: (to: Writer, value: number) => void;
  /** What comes behind the names. */
  last?(to: Writer, ioError: number): void;
}

const varintForm: ListForm = {
  open: (format) => new EntryWriter(format),
  order: deletionsFirst,
  end: writeEnd,
  number: writeVarint,
};

const classicForm: ListForm = {
  open: (format) => new ClassicEntryWriter(format, format.protocol),
  order: (entries) => deletionsFirst(withoutContentFirst(entries)),
  end: (to) => to.uint8(0),
  number: (to, value) => to.int32(value),
  last: (to, ioError) => to.int32(ioError),
};

/**
 * Directories that are listed without their content come before the first that is listed with it:
 * after that one, a daemon takes all for listed with theirs, and a delete pass looks inside.
 */
function withoutContentFirst(entries: readonly FileEntry[]): readonly FileEntry[] {
  const isOutside = (entry: FileEntry): boolean => isDirectory(entry) && entry.hasContent !== true;
  return [...entries.filter(isOutside), ...entries.filter((entry) => !isOutside(entry))];
}

/**
 * The daemon sorts and numbers entries itself.
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
export function writeEnd(to: Writer, format: EntryFormat, ioError: number): void {
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
  number: ListForm["number"],
): void {
  const { attributes, namesAccess } = format;
  if (format.owner || namesAccess) {
    const uids = new Set(entries.map((entry) => entry.uid));
    for (const id of attributes?.users ?? []) uids.add(id);
    writeIds(to, uids, (id) => names.user(id), number, format.namesId0);
  }
  if (format.group || namesAccess) {
    const gids = new Set(entries.map((entry) => entry.gid));
    for (const id of attributes?.groups ?? []) gids.add(id);
    writeIds(to, gids, (id) => names.group(id), number, format.namesId0);
  }
}

/** `(id length name)* 0 [length name-of-0]` (spec 1 §7.3). */
function writeIds(
  to: Writer,
  ids: ReadonlySet<number>,
  nameOf: (id: number) => string | undefined,
  number: ListForm["number"],
  namesId0: boolean,
): void {
  for (const id of ids) {
    const name = nameOf(id);
    if (id === 0 || name === undefined) continue;
    number(to, id);
    writeIdName(to, name);
  }
  number(to, 0);
  if (namesId0) writeIdName(to, nameOf(0) ?? "");
}
