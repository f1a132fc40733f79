import { createHash } from "node:crypto";
import { encodeAccessList, encodeDefaults, type NamedAccess } from "../flist/acl.ts";
import type { ListedXattr } from "../flist/attributes.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { TransferOptions } from "../options.ts";
import type { BytePath } from "../path.ts";
import type { OpenAttributes, WritableAttributes } from "../source/attributes.ts";
import type { Location } from "./location.ts";
import type { OwnerMap } from "./owners.ts";

const accessName = "system.posix_acl_access";
const defaultsName = "system.posix_acl_default";

/** What can differ, as bits of an item (spec 2 §2.2). */
const differs = { access: 0x0080, xattrs: 0x0100 } as const;

export interface ExtendedOptions {
  readonly transfer: Pick<TransferOptions, "xattrs">;
  readonly owners: OwnerMap;
  /** Something cannot be set, and why; the rest goes on. */
  readonly onFailed: (path: BytePath, reason: string) => void;
}

/** Compares and sets access lists and extended attributes. */
export class ExtendedAttributes {
  readonly #options: ExtendedOptions;
  /** Now: a daemon may have given its rights up meanwhile. */
  readonly #isRoot = process.geteuid?.() === 0;

  constructor(options: ExtendedOptions) {
    this.#options = options;
  }

  /** A sum of bits. @param mode that the object is to have. @throws what the system says. */
  compare(entry: FileEntry, mode: number, { tree, path }: Location): number {
    const open = tree.attributes(path);
    try {
      const access = this.#lists(entry, mode).some(
        ([name, wanted]) => !isEqual(open.value(name), wanted),
      );
      const isSame = this.#listed(entry).every((each) => has(open, each));
      const xattrs = isSame && this.#extraneous(entry, open).length === 0 ? 0 : differs.xattrs;
      return (access ? differs.access : 0) | xattrs;
    } finally {
      open.close();
    }
  }

  /** Long values that are not at `location`: the list has their sums only. */
  missing(entry: FileEntry, location: Location | undefined): readonly ListedXattr[] {
    const long = this.#listed(entry).filter(({ sum }) => sum !== undefined);
    if (long.length === 0) return [];
    const open = location?.tree.attributes(location.path);
    try {
      return open === undefined ? long : long.filter((each) => !has(open, each));
    } finally {
      open?.close();
    }
  }

  /**
   * Gives an object what its entry has; what cannot be set is told. Closes `open`.
   *
   * @param from where values lie that were not asked for. Default: they are in their place.
   */
  apply(open: WritableAttributes, entry: FileEntry, mode: number, from?: Location): void {
    const source = from?.tree.attributes(from.path);
    try {
      for (const each of this.#listed(entry)) {
        const value = each.value ?? each.long.value ?? knownValue(source, each);
        if (value === undefined || isEqual(open.value(each.name), value)) continue;
        this.#try(entry, each.name, () => open.set(each.name, value));
      }
      for (const name of this.#extraneous(entry, open)) {
        this.#try(entry, name, () => open.remove(name));
      }
      for (const [name, wanted] of this.#lists(entry, mode)) {
        if (isEqual(open.value(name), wanted)) continue;
        this.#try(entry, name, () =>
          wanted === undefined ? open.remove(name) : open.set(name, wanted),
        );
      }
    } finally {
      source?.close();
      open.close();
    }
  }

  /** Access lists by the names that Linux has for them; undefined for one that is not to be. */
  #lists(entry: FileEntry, mode: number): (readonly [string, Buffer | undefined])[] {
    const { access, defaults } = entry.attributes ?? {};
    const { owners } = this.#options;
    const idOf = ({ kind, id }: NamedAccess): number =>
      kind === "user" ? owners.user(id) : owners.group(id);
    return [
      ...(access ? [[accessName, encodeAccessList(access, mode, idOf)] as const] : []),
      ...(defaults && isDirectory(entry)
        ? [[defaultsName, encodeDefaults(defaults, idOf)] as const]
        : []),
    ];
  }

  #listed({ attributes }: FileEntry): readonly ListedXattr[] {
    return attributes?.xattrs?.filter(({ name }) => this.#isTaken(name)) ?? [];
  }

  /** Names that the object has and the entry has not. */
  #extraneous({ attributes }: FileEntry, open: OpenAttributes): string[] {
    if (attributes?.xattrs === undefined) return [];
    const listed = new Set(attributes.xattrs.map(({ name }) => name));
    return open.names().filter((name) => this.#isTaken(name) && !listed.has(name));
  }

  /** As rsync does it: who is not root has one namespace; the kernel's own is nobody's. */
  #isTaken(name: string): boolean {
    if (name.startsWith("user.rsync.%")) return this.#options.transfer.xattrs === "all";
    return this.#isRoot ? !name.startsWith("system.") : name.startsWith("user.");
  }

  #try({ path }: FileEntry, name: string, change: () => void): void {
    try {
      change();
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
      this.#options.onFailed(path, `its attribute ${name}: ${error.message}`);
    }
  }
}

function has(open: OpenAttributes, listed: ListedXattr): boolean {
  const { name, value } = listed;
  if (value !== undefined) return isEqual(open.value(name), value);
  return knownValue(open, listed) !== undefined;
}

/** A long value, if it is the one that the list means. */
function knownValue(
  open: OpenAttributes | undefined,
  { name, length, sum }: ListedXattr,
): Uint8Array | undefined {
  const value = open?.value(name);
  if (value === undefined || sum === undefined || value.length !== length) return undefined;
  const own = createHash("md5").update(value).digest();
  return own.equals(sum) ? value : undefined;
}

function isEqual(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}
