import { createRequire } from "node:module";
import { getSystemErrorMap } from "node:util";

/** The C library of this process, whose functions are called without a thread in between. */
export interface Library {
  /** A function by its C prototype; strings are passed as UTF-8, arrays of bytes as they are. */
  // biome-ignore lint/suspicious/noExplicitAny: what a prototype says, no type can repeat
  func(prototype: string): (...values: any[]) => number;
  /** What made the last call of this thread fail. */
  errno(): number;
}

let loaded: Library | null | undefined;

/** Undefined where there is no C library of Linux, or nothing that could call it. */
export function systemLibrary(): Library | undefined {
  if (loaded === undefined) {
    try {
      loaded = process.platform === "linux" ? load() : null;
    } catch {
      loaded = null; // no koffi for this platform
    }
  }
  return loaded ?? undefined;
}

function load(): Library {
  const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
  const library = koffi.load(null);
  return { func: (prototype) => library.func(prototype), errno: () => koffi.errno() };
}

/** The error that Node makes of a call that failed. */
export function systemError(
  errno: number,
  syscall: string,
  path?: string | Buffer,
): NodeJS.ErrnoException {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`E${errno}`, "unknown error"];
  const named = path === undefined ? "" : ` '${path.toString()}'`;
  const error = new Error(`${code}: ${text}, ${syscall}${named}`);
  return Object.assign(error, {
    errno: -errno,
    code,
    syscall,
    ...(path !== undefined && { path: path.toString() }),
  });
}
