import type { Socket } from "node:net";

/** A peer that says too much, or something that is no JSON. */
export class LineError extends Error {}

/**
 * What a peer says, one JSON value a line.
 *
 * @throws {LineError} when a line is longer than `mostBytes`, or no JSON.
 */
export async function* readLines(socket: Socket, mostBytes: number): AsyncGenerator<unknown> {
  let held: Buffer = Buffer.alloc(0);
  // Whoever refuses a line still has to say so.
  const chunks = socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    for (let end = held.indexOf(0x0a); end >= 0; end = held.indexOf(0x0a)) {
      if (end > mostBytes) break;
      const line = held.subarray(0, end).toString("utf8");
      held = held.subarray(end + 1);
      yield parse(line);
    }
    if (held.length > mostBytes) throw new LineError(`a line is longer than ${mostBytes} bytes`);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    throw new LineError("a line is no JSON");
  }
}

/** Sends one value as a line; resolves when the peer can take more, or is gone. */
export async function writeLine(socket: Socket, value: unknown): Promise<void> {
  if (socket.write(`${JSON.stringify(value)}\n`) || socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const settle = (): void => {
      socket.off("drain", settle).off("close", settle);
      resolve();
    };
    socket.on("drain", settle).on("close", settle);
  });
}
