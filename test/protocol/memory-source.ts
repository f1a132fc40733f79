import type { FileSource, FileState } from "../../protocol/source/source.ts";

/** A file in memory, and how it misbehaves. */
export interface MemoryFile {
  readonly content: Uint8Array;
  /** What the file is found to be; default "as listed". */
  readonly state?: FileState;
  /** Reading at or past this position fails. */
  readonly failsAt?: number;
  /** Default "EIO". */
  readonly failsWith?: string;
}

function systemError(code: string, syscall: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}

/** Files by path; undefined is a name that is gone, "unreadable" one that may not be read. */
export function memorySource(
  files: Readonly<Record<string, MemoryFile | "unreadable">>,
): FileSource & { readonly opened: string[]; readonly closed: string[] } {
  const opened: string[] = [];
  const closed: string[] = [];
  return {
    opened,
    closed,
    open: ({ path }) => {
      const file = files[path];
      if (file === undefined) return undefined;
      if (file === "unreadable") throw systemError("EACCES", "open");
      opened.push(path);
      return {
        read: (into, length, position) => {
          if (position >= (file.failsAt ?? Infinity))
            throw systemError(file.failsWith ?? "EIO", "read");
          const part = file.content.subarray(position, position + length);
          into.set(part);
          return part.length;
        },
        state: () => file.state ?? "as listed",
        close: () => void closed.push(path),
      };
    },
  };
}
