import { createRequire } from "node:module";

/** What Node's file system calls cannot do. */
export interface LibC {
  /** Sets the modification time to the nanosecond; the last component is not followed. */
  setTime(path: string | Buffer, seconds: number, nanoseconds: number): void;
  /** The same for what is open. */
  setOpenTime(descriptor: number, seconds: number, nanoseconds: number): void;
  /** Makes a device, a fifo or a socket. */
  makeNode(path: string | Buffer, mode: number, device: bigint): void;
  /** Sets space aside behind what an open file has. @throws where the file system cannot. */
  reserve(descriptor: number, bytes: number): void;
  /** Makes a hole; false where the file system has none. */
  punch(descriptor: number, position: number, bytes: number): boolean;
}

const currentDirectory = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const keepSize = 1; // FALLOC_FL_KEEP_SIZE
const punchHole = 2; // FALLOC_FL_PUNCH_HOLE
const omit = 0x3ffffffen; // UTIME_OMIT
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

function load(): LibC {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const lib = koffi.load(null);
  const utimensat = lib.func(
    "int utimensat(int directory, const uint8_t *path, const int64_t *times, int flags)",
  );
  const futimens = lib.func("int futimens(int descriptor, const int64_t *times)");
  const mknod = lib.func("int mknod(const uint8_t *path, uint32_t mode, uint64_t device)");
  const fallocate = lib.func("int fallocate(int descriptor, int mode, int64_t at, int64_t length)");
  const times = BigInt64Array.of(0n, omit, 0n, 0n);
  const timesOf = (seconds: number, nanoseconds: number): BigInt64Array => {
    times[2] = BigInt(seconds);
    times[3] = BigInt(nanoseconds);
    return times;
  };
  const check = (result: number, call: string): void => {
    if (result === 0) return;
    const errno = koffi.errno();
    const code = Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0];
    const message = `${code ?? `error ${errno}`}: ${call}`;
    throw Object.assign(new Error(message), { errno: -errno, code, syscall: call });
  };
  return {
    setTime: (path, seconds, nanoseconds) => {
      const both = timesOf(seconds, nanoseconds);
      check(utimensat(currentDirectory, terminated(path), both, noFollow), "utimensat");
    },
    setOpenTime: (descriptor, seconds, nanoseconds) =>
      check(futimens(descriptor, timesOf(seconds, nanoseconds)), "futimens"),
    reserve: (descriptor, bytes) => check(fallocate(descriptor, keepSize, 0, bytes), "fallocate"),
    punch: (descriptor, position, bytes) =>
      fallocate(descriptor, keepSize | punchHole, position, bytes) === 0,
    makeNode: (path, mode, device) => check(mknod(terminated(path), mode, device), "mknod"),
  };
}

function terminated(path: string | Buffer): Buffer {
  return typeof path === "string"
    ? Buffer.from(`${path}\0`, "utf8")
    : Buffer.concat([path, Buffer.of(0)]);
}
