import fs from "node:fs";
import { type BytePath, baseName, joinPath, nativePath, parentPath, rootPath } from "../path.ts";
import { type Holder, join, leave, mostHeld, openDescriptor } from "./descriptors.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = fs.constants;
/** Linux: a place in the file system, without the right to read what is there. */
const O_PATH = 0o10000000;
const descriptors = "/proc/self/fd";
/** In bytes; the system's own limit, and rsync's. */
const longestPath = 4_095;

/** Whether directories can be held by descriptors here. */
export const hasDescriptors: boolean = process.platform === "linux" && fs.existsSync(descriptors);

/** What calls take for the directory that a link leads to, at once. */
export type LinkedDirectory = () => string | Buffer;

/**
 * Names below one directory, for calls that do not follow the last component: every component
 * above it is opened without following links, one after the other, and held. Whatever the names
 * are, and whoever puts links in their way meanwhile, they lead nowhere else.
 *
 * Not covered: a directory that somebody else moves out of the root while it is held goes on to be
 * written into; and, where there is no /proc/self/fd, links that are put in the way between our
 * look and the call.
 */
export class Anchor implements Holder {
  /** Where there are no descriptors: a byte string. */
  readonly #root: string;
  readonly #open = new Map<BytePath, number>();
  readonly #adopted = new Map<BytePath, LinkedDirectory>();
  readonly #follow: (link: BytePath) => LinkedDirectory | undefined;
  /** What was asked for last: mostly what is asked for next. */
  #last: { readonly path: BytePath; readonly descriptor: number } | undefined;

  /**
   * @param root an existing directory; links in its own path are followed, once. Or one below
   *   another anchor, which is no link.
   * @param follow says where links lead that are taken for directories, undefined where they are
   *   not to be. Default: wherever the system says.
   */
  constructor(
    root: string | { readonly anchor: Anchor; readonly path: BytePath },
    follow?: (link: BytePath) => LinkedDirectory | undefined,
  ) {
    this.#follow = follow ?? ((link) => realDirectory(this.at(link)));
    const place = typeof root === "string" ? fs.realpathSync(root) : root.anchor.inside(root.path);
    this.#root = Buffer.from(place).toString("latin1");
    if (!hasDescriptors) return;
    this.#open.set(rootPath, openDescriptor(place, O_PATH | O_DIRECTORY));
    join(this);
  }

  /** What calls take for `path`, at once: the result holds until the next call. */
  at(path: BytePath): string | Buffer {
    if (path === "") return this.directory(rootPath);
    expectShort(path);
    const directory = this.#prefix(parentPath(path));
    return nativePath(directory, checked(baseName(path)));
  }

  /** The same for a directory that is there; it is not a link. */
  directory(path: BytePath): string | Buffer {
    const prefix = this.#prefix(path);
    return hasDescriptors ? prefix : nativePath(prefix, rootPath);
  }

  /** The directory itself, for calls that would take a descriptor for a link. */
  inside(path: BytePath): string | Buffer {
    const prefix = this.#prefix(path);
    return hasDescriptors ? `${prefix}/.` : nativePath(prefix, rootPath);
  }

  /**
   * The descriptor of a directory, for calls that take one beside a {@link componentOf}, at once: it
   * may be closed by the next call. Only where there are descriptors.
   */
  held(directory: BytePath): number {
    expectShort(directory);
    return this.#descriptor(directory);
  }

  /** The same as {@link at}, for as long as `use` runs, whatever is asked for meanwhile. */
  during<T>(path: BytePath, use: (native: string | Buffer) => T): T {
    if (!hasDescriptors) return use(this.at(path));
    const held = openDescriptor(this.inside(parentPath(path)), O_PATH | O_DIRECTORY);
    try {
      return use(nativePath(`${descriptors}/${held}`, checked(baseName(path))));
    } finally {
      fs.closeSync(held);
    }
  }

  /**
   * Takes a link for the directory that it leads to now (`--keep-dirlinks`).
   *
   * @returns false when it leads to none.
   */
  adopt(path: BytePath): boolean {
    const directory = this.#follow(path);
    if (directory !== undefined) this.#adopted.set(path, directory);
    return directory !== undefined;
  }

  /** True for the root, and for links that are taken for directories. */
  isFollowed(path: BytePath): boolean {
    return path === "" || (this.#adopted.size > 0 && this.#adopted.has(path));
  }

  /** A directory was removed or replaced: what was known of it and of all below is forgotten. */
  forget(path: BytePath): void {
    for (const [known, descriptor] of this.#open) {
      if (known === "" || (known !== path && !known.startsWith(`${path}/`))) continue;
      fs.closeSync(descriptor);
      this.#open.delete(known);
    }
    this.#last = undefined;
  }

  release(): void {
    for (const [path, descriptor] of this.#open) {
      if (path === "" || path === this.#last?.path) continue;
      fs.closeSync(descriptor);
      this.#open.delete(path);
    }
  }

  close(): void {
    leave(this);
    for (const descriptor of this.#open.values()) fs.closeSync(descriptor);
    this.#open.clear();
    this.#last = undefined;
  }

  #prefix(path: BytePath): string {
    expectShort(path);
    return hasDescriptors ? `${descriptors}/${this.#descriptor(path)}` : this.#looked(path);
  }

  #descriptor(path: BytePath): number {
    if (this.#last?.path === path) return this.#last.descriptor;
    const descriptor = this.#held(path);
    this.#last = { path, descriptor };
    return descriptor;
  }

  #held(path: BytePath): number {
    const known = this.#open.get(path);
    if (known !== undefined) {
      if (path === "") return known;
      this.#open.delete(path); // used last, closed last
      this.#open.set(path, known);
      return known;
    }
    const above = this.#descriptor(parentPath(path));
    const name = nativePath(`${descriptors}/${above}`, checked(baseName(path)));
    const adopted = this.#adopted.get(path);
    const opened = openDescriptor(adopted?.() ?? name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    this.#open.set(path, opened);
    this.#shrink();
    return opened;
  }

  #shrink(): void {
    for (const [path, descriptor] of this.#open) {
      if (this.#open.size <= mostHeld()) return;
      if (path === "") continue;
      fs.closeSync(descriptor);
      this.#open.delete(path);
    }
  }

  #looked(path: BytePath): string {
    let at = this.#root;
    let below = rootPath;
    for (const name of path === "" ? [] : path.split("/")) {
      below = joinPath(below, name);
      const adopted = this.#adopted.get(below);
      if (adopted !== undefined) {
        at = Buffer.from(adopted()).toString("latin1");
        continue;
      }
      const native = nativePath(at, checked(name));
      if (!fs.lstatSync(native).isDirectory()) {
        throw Object.assign(new Error("a component is no directory"), { code: "ENOTDIR" });
      }
      at = `${at}/${name}`;
    }
    return at;
  }
}

function realDirectory(link: string | Buffer): LinkedDirectory | undefined {
  try {
    const real = fs.realpathSync.native(link, { encoding: "buffer" });
    return fs.statSync(real).isDirectory() ? () => real : undefined;
  } catch {
    return undefined;
  }
}

/** Deeper trees can be made, in steps; but nobody can list what is in them, or name it. */
function expectShort({ length }: BytePath): void {
  if (length <= longestPath) return;
  throw Object.assign(new Error(`a path of ${length} bytes is too long`), { code: "ENAMETOOLONG" });
}

/** The last component of a path, for calls beside a descriptor. @throws EINVAL, ENAMETOOLONG */
export function componentOf(path: BytePath): string {
  expectShort(path);
  return checked(baseName(path));
}

/** One component, which stays where it is. */
function checked(name: string): BytePath {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
    throw Object.assign(new Error(`${JSON.stringify(name)} is no name`), { code: "EINVAL" });
  }
  return name as BytePath;
}

/** Opens what is at a native path without following a link there. */
export function openSafely(path: string | Buffer, flags: number = O_RDONLY, mode?: number): number {
  return openDescriptor(path, flags | O_NOFOLLOW | fs.constants.O_NONBLOCK, mode);
}

/** Changes the permissions of what is at a native path; a link there is not followed. */
export function changeMode(path: string | Buffer, mode: number): void {
  if (!hasDescriptors) {
    fs.chmodSync(path, mode);
    return;
  }
  const held = openDescriptor(path, O_PATH | O_NOFOLLOW);
  try {
    fs.chmodSync(`${descriptors}/${held}`, mode);
  } finally {
    fs.closeSync(held);
  }
}
