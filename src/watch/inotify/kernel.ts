import { createRequire } from "node:module";
import { constants } from "node:os";

/** Bits of an event and of a watch's mask (inotify(7); the numbers are the kernel's ABI). */
export const inMask = {
  modify: 0x2,
  attrib: 0x4,
  closeWrite: 0x8,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  unmount: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
  onlyDir: 0x1000000,
  dontFollow: 0x2000000,
  exclUnlink: 0x4000000,
  isDir: 0x40000000,
} as const;

const closeOnExec = 0o2000000;
const nonBlocking = 0o4000;
const bytesReadable = 0x541b; // FIONREAD

interface LibC {
  inotify_init1(flags: number): number;
  inotify_add_watch(fd: number, path: Uint8Array, mask: number): number;
  inotify_rm_watch(fd: number, wd: number): number;
  ioctl(fd: number, request: number, value: Int32Array): number;
  pipe2(fds: Int32Array, flags: number): number;
  dup3(from: number, to: number, flags: number): number;
  close(fd: number): number;
  errno(): number;
}

let loaded: LibC | undefined;

/**
 * The C library this process runs with.
 *
 * Looked up in the process itself, so that glibc and musl need no file names.
 * @throws whatever koffi throws where it has no binary for this platform.
 */
function libC(): LibC {
  if (loaded) return loaded;
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const lib = koffi.load(null);
  loaded = {
    inotify_init1: lib.func("int inotify_init1(int flags)"),
    inotify_add_watch: lib.func(
      "int inotify_add_watch(int fd, const uint8_t *path, uint32_t mask)",
    ),
    inotify_rm_watch: lib.func("int inotify_rm_watch(int fd, int wd)"),
    ioctl: lib.func("int ioctl(int fd, unsigned long request, int *value)"),
    pipe2: lib.func("int pipe2(int *fds, int flags)"),
    dup3: lib.func("int dup3(int from, int to, int flags)"),
    close: lib.func("int close(int fd)"),
    errno: () => koffi.errno(),
  };
  return loaded;
}

/** True where inotify can be used: Linux, with a koffi binary for it. */
export function hasInotify(): boolean {
  if (process.platform !== "linux") return false;
  try {
    libC();
    return true;
  } catch {
    return false;
  }
}

/** The name of an error number, for instance "ENOSPC". */
export function errorName(errno: number): string {
  const found = Object.entries(constants.errno).find(([, number]) => number === errno);
  return found?.[0] ?? `errno ${errno}`;
}

/** One inotify instance. Its descriptor belongs to whoever reads from it and is closed there. */
export class InotifyInstance {
  readonly fd: number;
  readonly #c: LibC;
  readonly #inotify: number;
  readonly #writeEnd: number;
  readonly #pathBuffer = Buffer.alloc(4200);
  readonly #readable = new Int32Array(1);

  /**
   * Opens an instance on a descriptor that Node's event loop takes for a pipe: it refuses to poll
   * an inotify descriptor under its own type.
   *
   * @throws {Error} with `code` EMFILE when fs.inotify.max_user_instances is used up.
   */
  constructor() {
    this.#c = libC();
    const inotify = this.#c.inotify_init1(nonBlocking | closeOnExec);
    if (inotify < 0) throw systemError("Cannot open an inotify instance", this.#c.errno());
    const ends = new Int32Array(2);
    if (this.#c.pipe2(ends, closeOnExec) < 0) {
      const errno = this.#c.errno();
      this.#c.close(inotify);
      throw systemError("Cannot open a pipe", errno);
    }
    const [readEnd = -1, writeEnd = -1] = ends;
    this.#inotify = inotify;
    this.#writeEnd = writeEnd;
    this.fd = readEnd;
  }

  /** Turns the pipe into the inotify instance, once Node holds it and before it polls. */
  takeOver(): void {
    this.#c.dup3(this.#inotify, this.fd, closeOnExec);
    this.#c.close(this.#inotify);
    this.#c.close(this.#writeEnd);
  }

  /** The watch's number, or the error number negated. `path` is a byte string. */
  addWatch(path: string, mask: number): number {
    if (path.length > 4095) return -constants.errno.ENAMETOOLONG;
    this.#pathBuffer[this.#pathBuffer.write(path, 0, "latin1")] = 0;
    const wd = this.#c.inotify_add_watch(this.fd, this.#pathBuffer, mask);
    return wd < 0 ? -this.#c.errno() : wd;
  }

  /** Removing a watch whose directory is gone already is no error. */
  removeWatch(wd: number): void {
    this.#c.inotify_rm_watch(this.fd, wd);
  }

  /** How many bytes of events wait in the kernel's queue. */
  pendingBytes(): number {
    this.#c.ioctl(this.fd, bytesReadable, this.#readable);
    return this.#readable[0] ?? 0;
  }
}

function systemError(what: string, errno: number): Error {
  const name = errorName(errno);
  return Object.assign(new Error(`${what}: ${name}`), { code: name });
}
