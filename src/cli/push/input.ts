import { readFileSync } from "node:fs";
import { RsyncError } from "../../../protocol/index.ts";

/**
 * A file of names or rules, as a byte string; `-` is the standard input.
 *
 * @throws {RsyncError} `code` when it cannot be read: rsync exits with 11 for a file of rules, and
 *   with 1 for a file of names, with 5 for early input.
 */
export function readInput(
  file: string,
  code: "FILE_IO" | "BAD_OPTION" | "AUTH_FAILED" = "FILE_IO",
): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "latin1");
  } catch (cause) {
    const { message } = cause as Error;
    throw new RsyncError(code, `Cannot read ${file}: ${message}`, { cause });
  }
}

/**
 * What `--early-input` names, for a module's "early exec".
 *
 * @throws {RsyncError} AUTH_FAILED when it cannot be read, as for a login that fails.
 */
export function readEarlyInput(file: string): Uint8Array {
  return Buffer.from(readInput(file, "AUTH_FAILED"), "latin1");
}
