import { compatFlags } from "../agreement.ts";
import { RsyncError } from "../errors.ts";
import { AccessListWriter, beyondMode, type NamedAccess, parseAccessList } from "../flist/acl.ts";
import { type AttributeWriter, type FileEntry, isDirectory, isSymlink } from "../flist/entry.ts";
import { type IdNames, NamesOnce } from "../flist/id-names.ts";
import { type ExtendedAttribute, longestListedValue, XattrWriter } from "../flist/xattr.ts";
import type { TransferOptions } from "../options.ts";
import type { OpenAttributes } from "../source/attributes.ts";
import type { FileSource } from "../source/source.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readVarint, writeVarint } from "../wire/varint.ts";
import type { Writer } from "../wire/writer.ts";
import { type Item, itemFlags } from "./request.ts";

const accessList = "system.posix_acl_access";
const defaultAccessList = "system.posix_acl_default";
/** Set in the flags of an item whose extended attributes differ. */
const reportXattrs = 0x0100;
const linkedHere = itemFlags.nameFollows | itemFlags.localChange;
const mayReadAll = process.geteuid?.() === 0;

export interface AttributeSenderOptions {
  readonly source: FileSource;
  readonly transfer: Pick<TransferOptions, "acls" | "xattrs" | "dryRun">;
  readonly protocol: number;
  /** A sum of {@link compatFlags}. */
  readonly compat: number;
  /** Of lists in pieces: names that stand in them. Default: they stand behind the list. */
  readonly inlineNames?: IdNames | undefined;
  /** The attributes of an entry cannot be read; it is listed without. */
  readonly onUnreadable?: (entry: FileEntry, cause: NodeJS.ErrnoException) => void;
}

/** Sends access lists and extended attributes: in the list, and long ones when they are asked for. */
export class AttributeSender implements AttributeWriter {
  readonly #options: AttributeSenderOptions;
  readonly #isSent: (name: string) => boolean;
  readonly #access: AccessListWriter;
  readonly #defaults: AccessListWriter;
  readonly #xattrs = new XattrWriter();
  /** Names by their numbers, of entries that have values which the list does not. */
  readonly #names = new Map<string, readonly string[]>();
  /** Whoever has permissions of his own, beside the owners of entries. */
  readonly users: Set<number> = new Set();
  readonly groups: Set<number> = new Set();

  constructor(options: AttributeSenderOptions) {
    this.#options = options;
    this.#isSent = chooser(options);
    const names = options.inlineNames && new NamesOnce(options.inlineNames);
    this.#access = new AccessListWriter(names);
    this.#defaults = new AccessListWriter(names);
  }

  write(to: Writer, entry: FileEntry): void {
    const { acls, xattrs } = this.#options.transfer;
    const found = this.#read(entry);
    if (acls && !isSymlink(entry)) {
      this.#remember([...found.access.named, ...found.defaults.named]);
      this.#access.write(to, beyondMode(found.access, entry.mode));
      if (isDirectory(entry)) this.#defaults.write(to, found.defaults);
    }
    if (!xattrs) return;
    this.#xattrs.write(to, found.xattrs);
    if (found.xattrs.some(({ value }) => value.length > longestListedValue)) {
      this.#names.set(
        (entry.servedBy ?? entry).path,
        found.xattrs.map(({ name }) => name),
      );
    }
  }

  /** True when the numbers of wanted values follow the item. */
  isAsked({ flags }: Item): boolean {
    const { transfer, protocol, compat } = this.#options;
    if (!transfer.xattrs || transfer.dryRun || (flags & reportXattrs) === 0) return false;
    const sparesLinks = protocol >= 31 && (compat & compatFlags.avoidXattrOptimization) === 0;
    return !(sparesLinks && (flags & linkedHere) === linkedHere);
  }

  /**
   * Answers with the values of these numbers, as they are by now (spec 2 §2.5).
   *
   *     (increment length value)* 0
   *
   * @throws {RsyncError} BAD_STREAM for a number that the list does not have.
   */
  answer(to: Writer, entry: FileEntry, numbers: readonly number[]): void {
    const names = this.#names.get((entry.servedBy ?? entry).path) ?? [];
    const values = this.#values(
      entry,
      numbers.map((number) => nameOf(names, number)),
    );
    let before = 0;
    for (const [index, number] of numbers.entries()) {
      const value = values[index] ?? new Uint8Array(0);
      writeVarint(to, number - before);
      writeVarint(to, value.length);
      to.bytes(value);
      before = number;
    }
    writeVarint(to, 0);
  }

  #values(entry: FileEntry, names: readonly string[]): (Uint8Array | undefined)[] {
    if (names.length === 0) return [];
    return this.#reading(entry, (attributes) => names.map((name) => attributes.value(name))) ?? [];
  }

  #read(entry: FileEntry): ReadAttributes {
    if (entry.mode === 0) return nothing;
    const { acls, xattrs } = this.#options.transfer;
    const found = this.#reading(entry, (attributes) => ({
      access: acls ? listOf(attributes, accessList) : nothing.access,
      defaults: acls && isDirectory(entry) ? listOf(attributes, defaultAccessList) : nothing.access,
      xattrs: xattrs ? sentXattrs(attributes, this.#isSent) : nothing.xattrs,
    }));
    return found ?? nothing;
  }

  #reading<T>(entry: FileEntry, read: (attributes: OpenAttributes) => T): T | undefined {
    let attributes: OpenAttributes | undefined;
    try {
      attributes = this.#options.source.attributes?.(entry.servedBy ?? entry);
      return attributes && read(attributes);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#options.onUnreadable?.(entry, error);
      return undefined;
    } finally {
      attributes?.close();
    }
  }

  #remember(named: readonly NamedAccess[]): void {
    for (const { kind, id } of named) (kind === "user" ? this.users : this.groups).add(id);
  }
}

type ReadAttributes = {
  readonly access: ReturnType<typeof parseAccessList>;
  readonly defaults: ReturnType<typeof parseAccessList>;
  readonly xattrs: readonly ExtendedAttribute[];
};

const nothing: ReadAttributes = { access: { named: [] }, defaults: { named: [] }, xattrs: [] };

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

function listOf(attributes: OpenAttributes, name: string): ReadAttributes["access"] {
  const value = attributes.value(name);
  return value === undefined ? nothing.access : parseAccessList(value);
}

function sentXattrs(
  attributes: OpenAttributes,
  isSent: (name: string) => boolean,
): ExtendedAttribute[] {
  const names = attributes.names().filter(isSent);
  names.sort((a, b) => (a < b ? -1 : Number(a > b)));
  return names.flatMap((name) => {
    const value = attributes.value(name);
    return value === undefined ? [] : [{ name, value }];
  });
}

/** What rsync itself keeps of an object under `--fake-super` is sent where all is asked for. */
function chooser({ source, transfer }: AttributeSenderOptions): (name: string) => boolean {
  const isChosen = source.sendsAttribute ?? isUsual;
  if (transfer.xattrs === "all") return isChosen;
  return (name) => !name.startsWith("user.rsync.%") && isChosen(name);
}

/** Only root may read all namespaces; `system.` is the kernel's own, access lists above all. */
function isUsual(name: string): boolean {
  return mayReadAll ? !name.startsWith("system.") : name.startsWith("user.");
}

function nameOf(names: readonly string[], number: number): string {
  const name = names[number - 1];
  if (name === undefined) {
    throw badNumber(`attribute ${number}, of ${names.length} with long values`);
  }
  return name;
}

/** Reads the numbers of wanted values: increments, then 0. Wire: protocol 30 and later. */
export function readWantedNumbers(from: Cursor): readonly number[] {
  const numbers: number[] = [];
  for (let number = 0; ; ) {
    const increment = readVarint(from);
    if (increment === 0) return numbers;
    number += increment;
    if (increment < 0 || numbers.length === mostWanted) {
      throw badNumber(`${numbers.length} attributes, then ${increment} further on`);
    }
    numbers.push(number);
  }
}

/** More names do not fit into what Linux has room for. */
const mostWanted = 65_536;

function badNumber(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot serve the other side: it asks for ${found}`);
}
