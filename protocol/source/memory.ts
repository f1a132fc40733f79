import { type FileEntry, fileTypes, isDirectory, isRegularFile } from "../flist/entry.ts";
import { type BytePath, parentPath, pathFromText, rootPath } from "../path.ts";
import type { OpenAttributes } from "./attributes.ts";
import type { FileSource, FileState, OpenFile } from "./source.ts";

/** What every object of a {@link MemoryTree} may say of itself. */
interface MemoryAttributes {
  /** Permissions. Default 0o644; of a directory 0o755; of a symlink 0o777. */
  readonly mode?: number;
  /** Default: when the tree was made. */
  readonly mtime?: Date;
  readonly uid?: number;
  readonly gid?: number;
  /** Extended attributes by name, sent under `xattrs`; text is stored as UTF-8. */
  readonly xattrs?: Readonly<Record<string, string | Uint8Array>>;
}

/** A file, a directory or a symlink in memory; text is stored as UTF-8. */
export type MemoryObject =
  | string
  | Uint8Array
  | (MemoryAttributes & { readonly content: string | Uint8Array })
  | (MemoryAttributes & { readonly linkTarget: string })
  | (MemoryAttributes & { readonly type: "directory" });

/**
 * A tree that is not on a disk: objects by path, `dir/file`. Directories above are made as needed;
 * the root is "".
 *
 *     new MemoryTree({ "a.txt": "hello", "dir/b.bin": bytes, link: { linkTarget: "a.txt" } })
 */
export class MemoryTree implements FileSource {
  readonly #entries = new Map<BytePath, FileEntry>();
  readonly #contents = new Map<BytePath, Uint8Array>();
  readonly #attributes = new Map<BytePath, ReadonlyMap<string, Uint8Array>>();

  /**
   * @throws {RangeError} for a path with an empty component, `.` or `..`, or a NUL.
   * @throws {TypeError} for an object that is neither file, directory nor symlink.
   */
  constructor(objects: Readonly<Record<string, MemoryObject>>) {
    const made = Date.now();
    this.#add(rootPath, { type: "directory" }, made);
    for (const [name, object] of Object.entries(objects)) {
      const path = checkedPath(name);
      this.#addParents(path, made);
      this.#add(path, object, made);
    }
    for (const { path, mode } of this.#entries.values()) this.#expectDirectoryAbove(path, mode);
  }

  /** Everything in it, the root first. */
  entries(): FileEntry[] {
    return [...this.#entries.values()];
  }

  open(entry: FileEntry): OpenFile | undefined {
    const content = this.#contents.get(entry.path);
    return content === undefined ? undefined : new MemoryFile(content);
  }

  attributes(entry: FileEntry): OpenAttributes | undefined {
    const found = this.#attributes.get(entry.path);
    return (
      found && { names: () => [...found.keys()], value: (name) => found.get(name), close() {} }
    );
  }

  #addParents(path: BytePath, made: number): void {
    for (let above = path; above !== ""; ) {
      above = parentPath(above);
      if (!this.#entries.has(above)) this.#add(above, { type: "directory" }, made);
    }
  }

  #add(path: BytePath, object: MemoryObject, made: number): void {
    const simple = typeof object === "string" || object instanceof Uint8Array;
    const given = simple ? { content: object } : object;
    if (!isKnown(given)) {
      throw new TypeError(
        `cannot list "${path}": it has neither content nor linkTarget, and is no directory`,
      );
    }
    const entry = entryOf(path, given, made);
    this.#entries.set(path, entry);
    this.#contents.delete(path);
    const xattrs = Object.entries(given.xattrs ?? {});
    this.#attributes.set(
      path,
      new Map(xattrs.map(([name, value]) => [pathFromText(name), bytesOf(value)])),
    );
    if (isRegularFile(entry) && "content" in given) {
      this.#contents.set(path, bytesOf(given.content));
    }
  }

  #expectDirectoryAbove(path: BytePath, mode: number): void {
    const parent = this.#entries.get(parentPath(path));
    if (parent === undefined || isDirectory(parent)) return;
    throw new RangeError(
      `cannot put "${path}" (mode ${mode.toString(8)}) into "${parent.path}": it is no directory`,
    );
  }
}

class MemoryFile implements OpenFile {
  readonly #content: Uint8Array;

  constructor(content: Uint8Array) {
    this.#content = content;
  }

  read(into: Uint8Array, length: number, position: number): number {
    const part = this.#content.subarray(position, position + length);
    into.set(part);
    return part.length;
  }

  state(): FileState {
    return "as listed";
  }

  close(): void {}
}

function entryOf(
  path: BytePath,
  object: Exclude<MemoryObject, string | Uint8Array>,
  made: number,
): FileEntry {
  const { uid = 0, gid = 0, mtime } = object;
  const mtimeMs = mtime?.getTime() ?? made;
  const mtimeSeconds = Math.floor(mtimeMs / 1_000);
  const times = { mtimeSeconds, mtimeNanoseconds: (mtimeMs - mtimeSeconds * 1_000) * 1_000_000 };
  const common = { path, ...times, uid, gid };
  const permissions = (otherwise: number): number => (object.mode ?? otherwise) & 0o7777;
  if ("linkTarget" in object) {
    const linkTarget = pathFromText(object.linkTarget);
    const size = linkTarget.length;
    return { ...common, mode: fileTypes.symlink | permissions(0o777), size, linkTarget };
  }
  if ("content" in object) {
    const size = bytesOf(object.content).length;
    return { ...common, mode: fileTypes.regular | permissions(0o644), size };
  }
  const mode = fileTypes.directory | permissions(0o755);
  return { ...common, mode, size: 4096, hasContent: true };
}

/** What is said without types may be anything. */
function isKnown(object: unknown): boolean {
  if (typeof object !== "object" || object === null) return false;
  const { content, linkTarget, type }: Record<string, unknown> = { ...object };
  if (type !== undefined && type !== "directory") return false;
  if (type === "directory") return content === undefined && linkTarget === undefined;
  if (linkTarget !== undefined) return typeof linkTarget === "string";
  return typeof content === "string" || content instanceof Uint8Array;
}

function bytesOf(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? Buffer.from(content, "utf8") : content;
}

function checkedPath(name: string): BytePath {
  const path = name.replace(/\/$/, "");
  const parts = path === "" ? [] : path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..") || path.includes("\0")) {
    throw new RangeError(`cannot list "${name}": it is not a path below the root`);
  }
  return pathFromText(path);
}
