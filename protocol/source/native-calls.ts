import { type Library, systemError, systemLibrary } from "../native/library.ts";
import { nativeName } from "../path.ts";
import type { FileCalls, FileStatus } from "./file-calls.ts";

/** Of little-endian machines with 64-bit words; elsewhere Node's calls do. */
const knownMachines = new Set(["x64", "arm64", "riscv64", "loong64"]);

const currentDirectory = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const emptyPath = 0x1000; // AT_EMPTY_PATH
const basicStats = 0x7ff; // STATX_BASIC_STATS
const closeOnExec = 0o2000000; // O_CLOEXEC, which Node adds, too
/** In linux/errno.h: ENOENT, EINTR, ENOTDIR, ELOOP. */
const gone = 2;
const interrupted = 4;
const noDirectory = 20;
const endlessLinks = 40;
const absent = new Set([gone, noDirectory, endlessLinks]);

/**
 * The same by the C library itself: half of what Node's functions cost, which make an object of
 * every answer and a path of every name.
 *
 * @returns undefined where that is not possible.
 */
export function loadNativeCalls(): FileCalls | undefined {
  const library = knownMachines.has(process.arch) ? systemLibrary() : undefined;
  if (library === undefined) return undefined;
  try {
    const calls = nativeCalls(library);
    // An old kernel, or a sandbox, has no statx.
    return calls.lstat("/") === undefined ? undefined : calls;
  } catch {
    return undefined;
  }
}

function nativeCalls(library: Library): FileCalls {
  const statx = library.func(
    "int statx(int directory, const char *path, int flags, unsigned int mask, void *into)",
  );
  const open = library.func("int open(const char *path, int flags)");
  const pread = library.func(
    "int64_t pread(int descriptor, void *into, uint64_t length, int64_t position)",
  );
  const close = library.func("int close(int descriptor)");
  const status = new NativeStatus();
  const look = (directory: number, path: string | Buffer): FileStatus | undefined => {
    if (statx(directory, named(path), noFollow, basicStats, status.words) === 0) return status;
    const errno = library.errno();
    if (absent.has(errno)) return undefined;
    if (errno === interrupted) return look(directory, path);
    throw systemError(errno, "lstat", path);
  };
  const calls: FileCalls = {
    lstat: (path) => look(currentDirectory, path),
    lstatAt: (directory, name) => look(directory, nativeName(name)),
    open: (path, flags) => {
      const descriptor = open(named(path), flags | closeOnExec);
      if (descriptor >= 0) return descriptor;
      const errno = library.errno();
      if (errno === interrupted) return calls.open(path, flags);
      throw systemError(errno, "open", path);
    },
    read: (descriptor, into, length, position) => {
      const most = Math.min(length, into.length); // nothing else keeps it out of other memory
      const bytes = pread(descriptor, into, most, position);
      if (bytes >= 0) return bytes;
      const errno = library.errno();
      if (errno === interrupted) return calls.read(descriptor, into, length, position);
      throw systemError(errno, "read");
    },
    fstat: (descriptor) => {
      if (statx(descriptor, "", emptyPath, basicStats, status.words) === 0) return status;
      throw systemError(library.errno(), "fstat");
    },
    // Of what was only read, nothing can be lost by it.
    close: (descriptor) => void close(descriptor),
  };
  return calls;
}

/** C ends a string at its first NUL: a name that has one must not become another name. */
function named(path: string | Buffer): string | Buffer {
  if (path.includes("\0")) throw systemError(gone, "open", path);
  return typeof path === "string" ? path : Buffer.concat([path, Buffer.of(0)]);
}

/** The answer of statx(2), where it was written to; the same on all machines. */
class NativeStatus implements FileStatus {
  readonly words: Uint32Array = new Uint32Array(64);

  get mode(): number {
    return this.#word(7) & 0xffff;
  }
  get size(): number {
    return this.#long(10);
  }
  get atimeSeconds(): number {
    return this.#long(16);
  }
  get mtimeSeconds(): number {
    return this.#long(28);
  }
  get mtimeNanoseconds(): number {
    return this.#word(30);
  }
  get uid(): number {
    return this.#word(5);
  }
  get gid(): number {
    return this.#word(6);
  }
  /** Both numbers in one, as the C library has them. */
  get device(): number {
    const major = this.#word(34);
    const minor = this.#word(35);
    const low = ((major & 0xfff) << 8) | (minor & 0xff);
    return low + (minor >>> 8) * 2 ** 20 + (major >>> 12) * 2 ** 44;
  }
  get inode(): number {
    return this.#long(8);
  }
  get linkCount(): number {
    return this.#word(4);
  }
  get changedNs(): bigint {
    return BigInt(this.#long(24)) * 1_000_000_000n + BigInt(this.#word(26));
  }
  get major(): number {
    return this.#word(32);
  }
  get minor(): number {
    return this.#word(33);
  }

  #word(at: number): number {
    return this.words[at] as number;
  }

  /** A signed word of 64 bits. */
  #long(at: number): number {
    return ((this.words[at + 1] as number) | 0) * 0x1_0000_0000 + (this.words[at] as number);
  }
}
