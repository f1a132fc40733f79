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

/** Reads of the C library by paths that are followed; each returns a length, or throws. */
interface AttributeCalls {
  list(path: string, into: Uint8Array): number;
  get(path: string, name: Uint8Array, into: Uint8Array): number;
}

/** Linux' own limits for the names and for one value. */
const mostBytes = 65_536;
const buffer = Buffer.alloc(mostBytes);

/** Opens the object itself, whatever it is, without any right to it: O_PATH, which Node has not. */
const pathOnly = 0o10000000;
const none: OpenAttributes = { names: () => [], value: () => undefined, close: () => {} };

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
): OpenAttributes {
  const calls = attributeCalls();
  if (calls === undefined) {
    throw new RsyncError(
      "BAD_OPTION",
      "Cannot read extended attributes (--xattrs, --acls): that needs Linux and koffi",
    );
  }
  const descriptor = openObject(native, isFollowed);
  if (descriptor === undefined) return none;
  const { ino, dev } = fstatSync(descriptor);
  if (identity !== undefined && (ino !== identity.inode || dev !== identity.device)) {
    closeSync(descriptor);
    return none;
  }
  // A link of the system's own to exactly this object, be it a symlink.
  const object = `/proc/self/fd/${descriptor}`;
  return {
    names: () => {
      const length = reading(() => calls.list(object, buffer)) ?? 0;
      return buffer.toString("latin1", 0, length).split("\0").slice(0, -1);
    },
    value: (name) => {
      const length = reading(() => calls.get(object, Buffer.from(`${name}\0`, "latin1"), buffer));
      return length === undefined ? undefined : Uint8Array.from(buffer.subarray(0, length));
    },
    close: () => closeSync(descriptor),
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
  const check = (result: number, call: string): number => {
    if (result >= 0) return result;
    throw systemError(library.errno(), call);
  };
  return {
    list: (path, into) => check(Number(listxattr(path, into, mostBytes)), "listxattr"),
    get: (path, name, into) => check(Number(getxattr(path, name, into, mostBytes)), "getxattr"),
  };
}
