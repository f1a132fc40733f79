import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { RsyncError } from "../errors.ts";
import type { FileEntry } from "../flist/entry.ts";
import { type Library, systemError, systemLibrary } from "../native/library.ts";

/** An object that was opened for its extended attributes. All calls are synchronous. */
export interface OpenAttributes {
  /** Names as byte strings, as the system lists them. */
  names(): readonly string[];
  /** Undefined when there is none of this name (any more). */
  value(name: string): Uint8Array | undefined;
  close(): void;
}

/** The same for who may change them. */
export interface WritableAttributes extends OpenAttributes {
  /** @throws what the system says. */
  set(name: string, value: Uint8Array): void;
  /** @throws what the system says. */
  remove(name: string): void;
}

/** Calls of the C library by paths that are followed; each returns a length, or throws. */
interface AttributeCalls {
  set(path: string, name: Uint8Array, value: Uint8Array): void;
  remove(path: string, name: Uint8Array): void;
  list(path: string, into: Uint8Array): number;
  get(path: string, name: Uint8Array, into: Uint8Array): number;
}

/** Linux' own limits for the names and for one value. */
const mostBytes = 65_536;
const buffer = Buffer.alloc(mostBytes);

/** Opens the object itself, whatever it is, without any right to it: O_PATH, which Node has not. */
const pathOnly = 0o10000000;
const none: WritableAttributes = {
  names: () => [],
  value: () => undefined,
  set: () => {},
  remove: () => {},
  close: () => {},
};

/** False where the system's extended attributes cannot be reached. */
export function hasAttributeCalls(): boolean {
  return attributeCalls() !== undefined;
}

/**
 * Opens what is listed for its extended attributes. Nothing is followed, and what is there must be
 * the very object that was listed.
 *
 * @returns attributes of nothing when another object has the name, or none.
 * @throws {RsyncError} BAD_OPTION where the system has none; the system's error when they cannot
 *   be read.
 */
export function openAttributes(
  native: string | Buffer,
  { identity, isFollowed }: Pick<FileEntry, "identity" | "isFollowed">,
): WritableAttributes {
  const calls = neededCalls();
  const descriptor = openObject(native, isFollowed);
  if (descriptor === undefined) return none;
  const { ino, dev } = fstatSync(descriptor);
  if (identity !== undefined && (ino !== identity.inode || dev !== identity.device)) {
    closeSync(descriptor);
    return none;
  }
  return { ...attributesOf(calls, descriptor), close: () => closeSync(descriptor) };
}

/** Those of a file that is open, which stays so. @throws {RsyncError} BAD_OPTION */
export function attributesOfOpen(descriptor: number): WritableAttributes {
  return { ...attributesOf(neededCalls(), descriptor), close: () => {} };
}

function neededCalls(): AttributeCalls {
  const calls = attributeCalls();
  if (calls !== undefined) return calls;
  throw new RsyncError(
    "BAD_OPTION",
    "Cannot reach extended attributes (--xattrs, --acls): that needs Linux and koffi",
  );
}

function attributesOf(
  calls: AttributeCalls,
  descriptor: number,
): Omit<WritableAttributes, "close"> {
  // A link of the system's own to exactly this object, be it a symlink.
  const object = `/proc/self/fd/${descriptor}`;
  const named = (name: string): Buffer => Buffer.from(`${name}\0`, "latin1");
  return {
    names: () => {
      const length = reading(() => calls.list(object, buffer)) ?? 0;
      return buffer.toString("latin1", 0, length).split("\0").slice(0, -1);
    },
    value: (name) => {
      const length = reading(() => calls.get(object, named(name), buffer));
      return length === undefined ? undefined : Uint8Array.from(buffer.subarray(0, length));
    },
    set: (name, value) => calls.set(object, named(name), value),
    remove: (name) => calls.remove(object, named(name)),
  };
}

const goneCodes = new Set(["ENOENT", "ENOTDIR", "ELOOP"]);

function openObject(native: string | Buffer, isFollowed = false): number | undefined {
  try {
    return openSync(native, pathOnly | (isFollowed ? 0 : constants.O_NOFOLLOW));
  } catch (error) {
    if (goneCodes.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** A file system without attributes, or without this one, has none. */
const absentCodes = new Set(["ENODATA", "ENOATTR", "EOPNOTSUPP", "ENOTSUP"]);

function reading(read: () => number): number | undefined {
  try {
    return read();
  } catch (error) {
    if (absentCodes.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

let loaded: AttributeCalls | undefined;

function attributeCalls(): AttributeCalls | undefined {
  const library = systemLibrary();
  if (library !== undefined) loaded ??= callsOf(library);
  return loaded;
}

function callsOf(library: Library): AttributeCalls {
  const listxattr = library.func("long listxattr(const char *path, uint8_t *list, size_t size)");
  const getxattr = library.func(
    "long getxattr(const char *path, const uint8_t *name, uint8_t *value, size_t size)",
  );
  const setxattr = library.func(
    "int setxattr(const char *path, const uint8_t *name, const uint8_t *value, size_t size, int flags)",
  );
  const removexattr = library.func("int removexattr(const char *path, const uint8_t *name)");
  const check = (result: number, call: string): number => {
    if (result >= 0) return result;
    throw systemError(library.errno(), call);
  };
  return {
    list: (path, into) => check(Number(listxattr(path, into, mostBytes)), "listxattr"),
    set: (path, name, value) => {
      check(setxattr(path, name, value, value.length, 0), "setxattr");
    },
    remove: (path, name) => {
      check(removexattr(path, name), "removexattr");
    },
    get: (path, name, into) => check(Number(getxattr(path, name, into, mostBytes)), "getxattr"),
  };
}
