import { closeSync, openSync } from "node:fs";
import { type DestinationStream, destination } from "pino";

/** Unwritten text beyond this is dropped: memory does not grow while a disk is full. */
const longestBacklog = 16 * 1024 * 1024;
/** Readable by the owner's group, as log collectors need it: paths are no secrets, but no news either. */
const logFileMode = 0o640;

/** A log file that goes on under its name after the old one was moved away. */
export interface LogFile extends DestinationStream {
  /** Opens the name anew, as logrotate's `postrotate` asks for; on failure the old file is kept. */
  reopen(): void;
  /** Writes what is left, for the last moment of the process. */
  flushSync(): void;
}

/**
 * Opens `path` for appending.
 *
 * @throws {Error} of the system when it cannot be written; later failures go to `complain`, one line
 *   each time the reason changes.
 */
export function openLogFile(path: string, complain: (line: string) => void): LogFile {
  // The stream opens its file behind the program's back: whether that works is asked here.
  closeSync(openSync(path, "a", logFileMode));
  const settings = { dest: path, append: true, mode: logFileMode, sync: false };
  const stream = destination({ ...settings, maxLength: longestBacklog });
  let said = "";
  stream.on("error", (error: NodeJS.ErrnoException) => {
    const line = `cannot write the log file ${path}: ${error.code ?? error.message}`;
    if (line !== said) complain(line);
    said = line;
  });
  stream.on("write", () => {
    said = "";
  });
  return {
    write: (line) => stream.write(line),
    reopen: () => stream.reopen(),
    flushSync: () => flushLast(stream),
  };
}

/** At the end of the process a full disk is no reason to die noisily. */
function flushLast(stream: { flushSync(): void }): void {
  try {
    stream.flushSync();
  } catch {
    // it was complained of when it happened, or the file is not open yet
  }
}
