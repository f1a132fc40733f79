import { open, openSync } from "node:fs";
import type { DestinationStream } from "pino";
import { LogOutput } from "./log-output.ts";

/** Readable by the owner's group, as log collectors need it: paths are no secrets, but no news either. */
const logFileMode = 0o640;

/** A log file that goes on under its name after the old one was moved away. */
export interface LogFile extends DestinationStream {
  /**
   * Opens the name anew, as logrotate's `postrotate` asks for; on failure the old file is kept, and
   * `tell` hears of it. Default: who hears of every other trouble.
   */
  reopen(tell?: (line: string) => void): void;
  /** Writes what is left, for the last moment of the process. */
  flushSync(): void;
}

/** As {@link openLogFile}, but `complain` is told, and the log goes on without, where it throws. */
export function tryLogFile(path: string, complain: (line: string) => void): LogFile | undefined {
  try {
    return openLogFile(path, complain);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    complain(`cannot open the log file ${path}: ${code}; its lines go to the output`);
    return undefined;
  }
}

/**
 * Opens `path` for appending.
 *
 * @throws {Error} of the system when it cannot be written; later failures go to `complain`, one line
 *   each time the reason changes.
 */
export function openLogFile(path: string, complain: (line: string) => void): LogFile {
  const onTrouble = (code: string): void => complain(`cannot write the log file ${path}: ${code}`);
  const output = new LogOutput(openSync(path, "a", logFileMode), { onTrouble });
  return {
    write: (line) => output.write(line),
    flushSync: () => output.flushSync(),
    reopen: (tell = complain) =>
      open(path, "a", logFileMode, (error, fd) => {
        if (error)
          tell(`cannot open the log file ${path} anew: ${error.code}; the old one goes on`);
        else output.replace(fd);
      }),
  };
}
