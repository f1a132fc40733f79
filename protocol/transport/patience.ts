import type { Connection } from "./connection.ts";

/**
 * Calls `giveUp` after so much silence in both directions, in place of whoever was called before.
 *
 * Half of the time is waited twice: while this process stood still it heard nobody, and the clock is
 * looked at before what was said meanwhile.
 *
 * @param timeoutMs 0: never.
 */
export function limitSilence(connection: Connection, timeoutMs: number, giveUp: () => void): void {
  connection.removeAllListeners("timeout");
  connection.setTimeout(timeoutMs / 2);
  let seen = -1;
  connection.on("timeout", () => {
    const now = progressOf(connection);
    if (now === seen) {
      giveUp();
      return;
    }
    seen = now;
    connection.setTimeout(timeoutMs / 2);
  });
}

/** How many bytes have passed; what waits to be sent has not. */
export function progressOf(connection: Connection): number {
  const { bytesWritten = 0 } = connection as { readonly bytesWritten?: number };
  return connection.bytesRead + bytesWritten - connection.writableLength;
}
