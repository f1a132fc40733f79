import { RsyncError } from "../errors.ts";
import type { Cursor } from "../wire/cursor.ts";

/** Daemons keep lines below 1 KiB; an rsync client's own buffer is 5 KiB. */
const longestLine = 5120;

/**
 * One line of the session set-up as a byte string, without its LF; CRs are dropped.
 *
 * @throws {RsyncError} BAD_STREAM when a line is longer than 5120 bytes or holds a NUL.
 */
export function readLine(from: Cursor): string {
  let line = "";
  for (;;) {
    const byte = from.uint8();
    if (byte === 0x0a) return line;
    if (byte === 0 || line.length === longestLine) {
      const found = byte === 0 ? "a NUL byte in a line" : `a line longer than ${longestLine} bytes`;
      throw new RsyncError("BAD_STREAM", `Cannot set up a session: the daemon sent ${found}`);
    }
    if (byte !== 0x0d) line += String.fromCharCode(byte);
  }
}
