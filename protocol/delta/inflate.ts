import { constants, createInflateRaw } from "node:zlib";
import { RsyncError } from "../errors.ts";
import type { StreamHandle } from "./stream-handle.ts";

interface InflateStream {
  readonly _handle: StreamHandle;
  /** After a write: room left in the output, and input not taken yet. */
  readonly _writeState: Uint32Array;
  reset(): void;
}

const outputBytes = 64 * 1024;
const storedBytes = 65_535;
const flushMarker: Uint8Array = Uint8Array.of(0, 0, 0xff, 0xff);

/**
 * Raw deflate in pieces, back to what it was, synchronously: one file may be larger than memory.
 *
 * Wire: every protocol, `-z` (spec 2 §4.3).
 */
export class Inflater {
  readonly #stream = createInflateRaw({ windowBits: 15 }) as unknown as InflateStream;
  readonly #output: Buffer = Buffer.allocUnsafeSlow(outputBytes);
  #failed = false;

  constructor() {
    const stream = this.#stream as unknown as { on(event: "error", listen: () => void): void };
    stream.on("error", () => {
      this.#failed = true;
    });
  }

  /**
   * Takes a chunk; `take` gets what comes out, as views that are valid during the call.
   *
   * @throws {RsyncError} BAD_STREAM for what no deflate writes.
   */
  inflate(chunk: Uint8Array, take: (bytes: Uint8Array) => void): void {
    const { _handle: handle, _writeState: state } = this.#stream;
    const output = this.#output;
    let from = 0;
    for (;;) {
      state.fill(0xffffffff); // stays when the write fails
      const length = chunk.length - from;
      handle.writeSync(constants.Z_SYNC_FLUSH, chunk, from, length, output, 0, outputBytes);
      const unused = state[0] as number;
      const left = state[1] as number;
      if (this.#failed || unused > outputBytes || left > length) throw badDeflate();
      if (unused < outputBytes) take(output.subarray(0, outputBytes - unused));
      from = chunk.length - left;
      if (unused > 0) break;
    }
    if (from < chunk.length) throw badDeflate(); // the stream has ended, which it never does
  }

  /** What the sender leaves out behind a run of literals. */
  flush(take: (bytes: Uint8Array) => void): void {
    this.inflate(flushMarker, take);
  }

  /** Bytes that the sender's window has, and that never travelled: a stored block, made up here. */
  remember(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += storedBytes) {
      const part = bytes.subarray(at, at + storedBytes);
      const header = Buffer.alloc(5);
      header.writeUInt16LE(part.length, 1);
      header.writeUInt16LE(~part.length & 0xffff, 3);
      this.inflate(header, () => {});
      this.inflate(part, () => {});
    }
  }

  /** The next file begins anew. */
  reset(): void {
    this.#stream.reset();
  }
}

function badDeflate(): RsyncError {
  return new RsyncError(
    "BAD_STREAM",
    "Cannot decompress what the other side sent: it is no deflate",
  );
}
