import fs from "node:fs";
import { type FileEntry, fileTypes, isDevice } from "../flist/entry.ts";
import type { Stepwise } from "../flist/stepwise.ts";
import { asBytePath, type BytePath, parentPath } from "../path.ts";
import { openAttributes, type WritableAttributes } from "../source/attributes.ts";
import { fileCalls } from "../source/calls-choice.ts";
import { longDirectory, readNames } from "../source/directory-names.ts";
import { type FileStatus, statusOf } from "../source/file-calls.ts";
import { Anchor, changeMode, componentOf, hasDescriptors, openSafely } from "./anchor.ts";
import { withDescriptor } from "./descriptors.ts";
import { libC, now, type Times } from "./libc.ts";
import { temporaryPath } from "./temporary.ts";

/** What is at a name of the destination. */
export interface Found {
  readonly mode: number;
  readonly size: number;
  readonly mtimeSeconds: number;
  readonly mtimeNanoseconds: number;
  readonly atimeSeconds: number;
  readonly uid: number;
  readonly gid: number;
  readonly device: number;
  readonly inode: number;
  /** Of a device: what it stands for, as `st_rdev`. */
  readonly special: bigint;
}

const absent = { code: "ENOENT" };
/** A longer file of rules is none, and would take our memory. */
const longestSmallFile = 1024 * 1024;
/** Of directories that were made. */
const mostRemembered = 4_096;
/** There is no directory that could hold the name. */
const nowhere: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

/** A directory that receives: every call takes a path below it, and follows no link anywhere. */
export class DestinationTree {
  readonly #held: Anchor | undefined;
  readonly #made = new Set<BytePath>();
  /** What times can be set to: 1 ns, or 1000 where the C library cannot be called. */
  readonly timePrecisionNs: number = libC() === undefined ? 1_000 : 1;

  /**
   * @param root an existing directory, or what holds one from now on; undefined where nothing is,
   *   and nothing will be made.
   */
  constructor(root: string | Anchor | undefined) {
    this.#held = typeof root === "string" ? new Anchor(root) : root;
  }

  close(): void {
    this.#held?.close();
  }

  get #anchor(): Anchor {
    if (this.#held === undefined) throw Object.assign(new Error("it is not there"), absent);
    return this.#held;
  }

  /** What calls take that put something at `path`, at once: the result holds until the next call. */
  at(path: BytePath): string | Buffer {
    return this.#anchor.at(path);
  }

  /** The same for as long as `use` runs. */
  during<T>(path: BytePath, use: (native: string | Buffer) => T): T {
    return this.#anchor.during(path, use);
  }

  /** Undefined when nothing is there. */
  find(path: BytePath): Found | undefined {
    const status = this.#look(path);
    if (status === undefined) return undefined;
    const { mode, major, minor } = status;
    return {
      mode,
      size: status.size,
      mtimeSeconds: status.mtimeSeconds,
      mtimeNanoseconds: status.mtimeNanoseconds,
      atimeSeconds: status.atimeSeconds,
      uid: status.uid,
      gid: status.gid,
      device: status.device,
      inode: status.inode,
      special: isDevice({ mode }) ? deviceNumber({ device: { major, minor } }) : 0n,
    };
  }

  #look(path: BytePath): FileStatus | undefined {
    if (this.#held === undefined) return undefined;
    try {
      if (!this.#anchor.isFollowed(path)) return this.#lookAt(path);
      // A descriptor of a directory itself is a link, which is meant to be followed.
      return statusOf(fs.statSync(this.#anchor.inside(path), { bigint: true }));
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (nowhere.has(code)) return undefined;
      throw error;
    }
  }

  #lookAt(path: BytePath): FileStatus | undefined {
    const calls = fileCalls();
    if (calls.lstatAt === undefined || !hasDescriptors) return calls.lstat(this.#anchor.at(path));
    const name = componentOf(path);
    return calls.lstatAt(this.#anchor.held(parentPath(path)), name);
  }

  /** Names in a directory, as byte strings. */
  names(directory: BytePath): string[] {
    const at = this.#anchor.directory(directory);
    return withDescriptor(() => fs.readdirSync(at, { encoding: "latin1" }));
  }

  /** The same in steps. @param sizeBytes what {@link find} says of the directory. */
  *nameSteps(directory: BytePath, sizeBytes: number): Stepwise<string[]> {
    if (sizeBytes < longDirectory) return this.names(directory);
    return yield* readNames(this.#anchor.directory(directory));
  }

  /** Takes a link for the directory that it leads to; undefined when it leads to none. */
  adopt(path: BytePath): Found | undefined {
    return this.#anchor.adopt(path) ? this.find(path) : undefined;
  }

  linkTarget(path: BytePath): string {
    return fs.readlinkSync(this.#anchor.at(path), "latin1");
  }

  /** Opens a file for reading; a link is not followed. */
  open(path: BytePath): number {
    return openSafely(this.#anchor.at(path));
  }

  /** The descriptor of a directory, where there are any, until the next call. */
  held(directory: BytePath): number {
    return this.#anchor.held(directory);
  }

  /** The last component of a path, for calls beside such a descriptor. @throws EINVAL, ENAMETOOLONG */
  nameToWrite(path: BytePath): string {
    return componentOf(path);
  }

  /** Opens a file for writing in it, and makes it where it is missing. */
  openInPlace(path: BytePath): number {
    const { O_RDWR, O_CREAT } = fs.constants;
    const descriptor = openSafely(this.at(path), O_RDWR | O_CREAT, 0o600);
    if (fs.fstatSync(descriptor).isFile()) return descriptor;
    fs.closeSync(descriptor);
    throw Object.assign(new Error("something else has its name"), { code: "EEXIST" });
  }

  /** Makes a file for writing, where nothing has the name. */
  createFile(path: BytePath): number {
    const { O_RDWR, O_CREAT, O_EXCL } = fs.constants;
    return openSafely(this.#anchor.at(path), O_RDWR | O_CREAT | O_EXCL, 0o600);
  }

  makeDirectory(path: BytePath, mode: number): void {
    fs.mkdirSync(this.at(path), { mode });
    this.#anchor.directory(path); // it is held from now on, whatever takes its name
    if (this.#made.size >= mostRemembered) this.#made.clear();
    this.#made.add(path);
  }

  /** True for a directory that was made here not long ago. */
  hasMade(path: BytePath): boolean {
    return this.#made.has(path);
  }

  /** Puts a symlink in the place of whatever is no directory there. */
  makeSymlink(path: BytePath, target: string, prepare: (path: BytePath) => void): void {
    this.#replace(path, prepare, (at) => fs.symlinkSync(Buffer.from(target, "latin1"), at));
  }

  /** @throws what mknod throws; ENOSYS where it cannot be called. */
  makeNode(path: BytePath, entry: FileEntry, prepare: (path: BytePath) => void): void {
    const c = libC();
    if (c === undefined) throw Object.assign(new Error("mknod is not here"), { code: "ENOSYS" });
    const type = entry.mode & fileTypes.mask;
    this.#replace(path, prepare, (at) => c.makeNode(at, type | 0o600, deviceNumber(entry)));
  }

  /** Makes `path` a further name of the object at `existing`, which may lie in another tree. */
  link(existing: BytePath, path: BytePath, from: DestinationTree = this): void {
    from.during(existing, (native) =>
      this.#replace(
        path,
        () => {},
        (at) => fs.linkSync(native, at),
      ),
    );
  }

  rename(from: BytePath, to: BytePath): void {
    const move = (native: string | Buffer): void => fs.renameSync(native, this.at(to));
    // On a long way to another directory the first may be closed again.
    if (parentPath(from) === parentPath(to)) move(this.#anchor.at(from));
    else this.during(from, move);
  }

  removeFile(path: BytePath): void {
    fs.unlinkSync(this.#anchor.at(path));
  }

  removeDirectory(path: BytePath): void {
    const at = this.#anchor.at(path);
    fs.rmdirSync(at);
    this.#made.delete(path);
    this.#anchor.forget(path);
  }

  setMode(path: BytePath, mode: number): void {
    if (this.#anchor.isFollowed(path)) fs.chmodSync(this.#anchor.inside(path), mode);
    else changeMode(this.#anchor.at(path), mode);
  }

  setOwner(path: BytePath, uid: number, gid: number): void {
    if (this.#anchor.isFollowed(path)) fs.chownSync(this.#anchor.inside(path), uid, gid);
    else fs.lchownSync(this.#anchor.at(path), uid, gid);
  }

  /** The extended attributes of what is there; a link is not followed. */
  attributes(path: BytePath): WritableAttributes {
    if (!this.#anchor.isFollowed(path)) return openAttributes(this.#anchor.at(path), {});
    return openAttributes(this.#anchor.inside(path), { isFollowed: true });
  }

  setTime(path: BytePath, times: Times): void {
    const c = libC();
    // "." is no link, a descriptor is: the call must not set the time of that.
    const isFollowed = this.#anchor.isFollowed(path);
    const at = isFollowed ? this.#anchor.inside(path) : this.#anchor.at(path);
    if (c !== undefined) c.setTime(at, times);
    else fs.lutimesSync(at, ...inSeconds(times, () => fs.lstatSync(at)));
  }

  /** The same for a file that is open. */
  setOpenTime(descriptor: number, times: Times): void {
    const c = libC();
    if (c !== undefined) c.setOpenTime(descriptor, times);
    else fs.futimesSync(descriptor, ...inSeconds(times, () => fs.fstatSync(descriptor)));
  }

  #replace(
    path: BytePath,
    prepare: (path: BytePath) => void,
    make: (at: string | Buffer) => void,
  ): void {
    const temporary = temporaryPath(path);
    make(this.#anchor.at(temporary));
    try {
      prepare(temporary);
      this.rename(temporary, path);
    } catch (error) {
      this.removeFile(temporary);
      throw error;
    }
  }
}

/** Linux's `dev_t`: 12 bits of the major number, 20 of the minor, and the rest of both above. */
export function deviceNumber({ device }: Pick<FileEntry, "device">): bigint {
  if (device === undefined) return 0n;
  const major = BigInt(device.major >>> 0);
  const minor = BigInt(device.minor >>> 0);
  const low = ((major & 0xfffn) << 8n) | (minor & 0xffn);
  return low | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n);
}

/** A file of rules in the destination; undefined when there is none that can be read. */
export function readSmallFile(tree: DestinationTree, path: BytePath): string | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = tree.open(asBytePath(path));
    const stats = fs.fstatSync(descriptor);
    if (!stats.isFile() || stats.size > longestSmallFile) return undefined;
    return fs.readFileSync(descriptor, "latin1");
  } catch {
    return undefined; // as if it were not there, which is how rsync takes it
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** Access and modification as Node takes them: it sets both, so what stays is looked up. */
function inSeconds(
  { mtimeSeconds, mtimeNanoseconds, atimeSeconds }: Times,
  look: () => fs.Stats,
): [number, number] {
  const mtime = mtimeSeconds + mtimeNanoseconds / 1e9;
  if (mtimeNanoseconds !== now) return [atimeSeconds ?? mtimeSeconds, mtime];
  return [atimeSeconds ?? mtimeSeconds, look().mtimeMs / 1_000];
}
