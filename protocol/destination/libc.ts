import fs from "node:fs";
import { createRequire } from "node:module";
import { getSystemErrorMap } from "node:util";

/** In place of nanoseconds: the time of writing stays. */
export const now = -1;

/** The times that an object is to have. */
export interface Times {
  readonly mtimeSeconds: number;
  /** Or {@link now}. */
  readonly mtimeNanoseconds: number;
  /** Default: the time of access stays. */
  readonly atimeSeconds?: number | undefined;
}

/** What Node's file system calls cannot do. */
export interface LibC extends FileCalls {
  /** Sets the modification time to the nanosecond; the last component is not followed. */
  setTime(path: string | Buffer, times: Times): void;
  /** The same for what is open. */
  setOpenTime(descriptor: number, times: Times): void;
  /** Makes a device, a fifo or a socket. */
  makeNode(path: string | Buffer, mode: number, device: bigint): void;
  /** Sets space aside behind what an open file has. @throws where the file system cannot. */
  reserve(descriptor: number, bytes: number): void;
  /** Makes a hole; false where the file system has none. */
  punch(descriptor: number, position: number, bytes: number): boolean;
}

/**
 * Calls for making many small files: none of them looks a path up. Names are one component of an
 * open directory and end with a NUL; nothing at them is followed. All throw what the system says.
 */
export interface FileCalls {
  /** Makes and opens a file, for writing by its owner alone. */
  createAt(directory: number, name: Uint8Array): number;
  renameAt(directory: number, from: Uint8Array, to: Uint8Array): void;
  removeAt(directory: number, name: Uint8Array): void;
  /** Writes behind what was written before; says how many bytes it was. */
  write(descriptor: number, bytes: Uint8Array): number;
  /** Node's own close complains of what Node has not opened. */
  close(descriptor: number): void;
  setOpenMode(descriptor: number, mode: number): void;
  /** {@link staysOwner} leaves one of the two as it is. */
  setOpenOwner(descriptor: number, uid: number, gid: number): void;
}

/** In place of a user or a group: it stays. */
export const staysOwner: number = 0xffffffff;

const currentDirectory = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const keepSize = 1; // FALLOC_FL_KEEP_SIZE
const punchHole = 2; // FALLOC_FL_PUNCH_HOLE
const omit = 0x3ffffffen; // UTIME_OMIT
const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
const closeOnExec = 0o2000000; // O_CLOEXEC
const creating = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | closeOnExec;
const wordsOf64Bits = new Set(["x64", "arm64", "riscv64", "loong64", "ppc64", "s390x"]);

let loaded: LibC | null | undefined;

/** The system's C library; undefined where it cannot be called. */
export function libC(): LibC | undefined {
  if (loaded === undefined) {
    try {
      loaded = isKnown() ? load() : null;
    } catch {
      loaded = null; // no koffi for this platform
    }
  }
  return loaded ?? undefined;
}

function isKnown(): boolean {
  return process.platform === "linux" && wordsOf64Bits.has(process.arch);
}

type Library = ReturnType<typeof import("koffi")["load"]>;
/** Gives a result back, or throws what the system says is wrong when it is negative. */
type Check = (result: number, call: string) => number;

function load(): LibC {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const lib = koffi.load(null);
  const check: Check = (result, call) => {
    if (result >= 0) return result;
    const errno = -koffi.errno();
    const [code, text] = getSystemErrorMap().get(errno) ?? [`error ${-errno}`, "unknown"];
    throw Object.assign(new Error(`${code}: ${text}, ${call}`), { errno, code, syscall: call });
  };
  return { ...timeCalls(lib, check), ...spaceCalls(lib, check), ...fileCalls(lib, check) };
}

function timeCalls(lib: Library, check: Check): Pick<LibC, "setTime" | "setOpenTime"> {
  const utimensat = lib.func(
    "int utimensat(int directory, const uint8_t *path, const int64_t *times, int flags)",
  );
  const futimens = lib.func("int futimens(int descriptor, const int64_t *times)");
  const times = BigInt64Array.of(0n, omit, 0n, 0n);
  const inWords = ({ mtimeSeconds, mtimeNanoseconds, atimeSeconds }: Times): BigInt64Array => {
    times[0] = BigInt(atimeSeconds ?? 0);
    times[1] = atimeSeconds === undefined ? omit : 0n;
    times[2] = BigInt(mtimeSeconds);
    times[3] = mtimeNanoseconds === now ? omit : BigInt(mtimeNanoseconds);
    return times;
  };
  return {
    setTime: (path, both) => {
      const result = utimensat(currentDirectory, terminated(path), inWords(both), noFollow);
      check(result, "utimensat");
    },
    setOpenTime: (descriptor, both) => {
      check(futimens(descriptor, inWords(both)), "futimens");
    },
  };
}

function spaceCalls(lib: Library, check: Check): Pick<LibC, "makeNode" | "reserve" | "punch"> {
  const mknod = lib.func("int mknod(const uint8_t *path, uint32_t mode, uint64_t device)");
  const fallocate = lib.func("int fallocate(int descriptor, int mode, int64_t at, int64_t length)");
  return {
    makeNode: (path, mode, device) => {
      check(mknod(terminated(path), mode, device), "mknod");
    },
    reserve: (descriptor, bytes) => {
      check(fallocate(descriptor, keepSize, 0, bytes), "fallocate");
    },
    punch: (descriptor, position, bytes) =>
      fallocate(descriptor, keepSize | punchHole, position, bytes) === 0,
  };
}

function fileCalls(lib: Library, check: Check): FileCalls {
  const openat = lib.func(
    "int openat(int directory, const uint8_t *name, int flags, uint32_t mode)",
  );
  const renameat = lib.func(
    "int renameat(int from, const uint8_t *name, int to, const uint8_t *newName)",
  );
  const unlinkat = lib.func("int unlinkat(int directory, const uint8_t *name, int flags)");
  const write = lib.func("int64_t write(int descriptor, const uint8_t *bytes, uint64_t length)");
  const close = lib.func("int close(int descriptor)");
  const fchmod = lib.func("int fchmod(int descriptor, uint32_t mode)");
  const fchown = lib.func("int fchown(int descriptor, uint32_t uid, uint32_t gid)");
  return {
    createAt: (directory, name) => check(openat(directory, name, creating, 0o600), "open"),
    renameAt: (directory, from, to) => check(renameat(directory, from, directory, to), "rename"),
    removeAt: (directory, name) => check(unlinkat(directory, name, 0), "unlink"),
    write: (descriptor, bytes) => check(write(descriptor, bytes, bytes.length), "write"),
    close: (descriptor) => check(close(descriptor), "close"),
    setOpenMode: (descriptor, mode) => check(fchmod(descriptor, mode), "fchmod"),
    setOpenOwner: (descriptor, uid, gid) => check(fchown(descriptor, uid, gid), "fchown"),
  };
}

function terminated(path: string | Buffer): Buffer {
  return typeof path === "string"
    ? Buffer.from(`${path}\0`, "utf8")
    : Buffer.concat([path, Buffer.of(0)]);
}
