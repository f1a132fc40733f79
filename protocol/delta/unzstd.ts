import * as zlib from "node:zlib";
import { RsyncError } from "../errors.ts";
import type { StreamHandle } from "./stream-handle.ts";
import { hasZstd, ZstdCodec } from "./zstd.ts";

interface ZstdStream {
  readonly _handle?: StreamHandle;
  /** After a write: room left in the output, and input not taken yet. */
  readonly _writeState?: Uint32Array;
  on(event: "error", listen: () => void): void;
}

/** What Node 22.15 and later have, and the types of Node 20 do not know. */
const { createZstdDecompress } = zlib as unknown as {
  readonly createZstdDecompress?: () => ZstdStream;
};

const outputBytes = 64 * 1024;
/** ZSTD_e_continue; decompression has no other way. */
const goOn = 0;

/**
 * zstd in pieces, back to what it was, synchronously: one frame for the whole session.
 *
 * Wire: protocol 31 and later, daemons since 3.2.0 (spec 2 §4.4).
 */
export class ZstdInflater {
  readonly #handle: StreamHandle;
  readonly #state: Uint32Array;
  readonly #output: Buffer = Buffer.allocUnsafeSlow(outputBytes);
  #failed = false;

  /** @throws {RsyncError} PROTOCOL_MISMATCH where Node has no zstd. */
  constructor() {
    const stream = createZstdDecompress?.();
    if (stream?._handle === undefined || stream._writeState === undefined) throw noZstd();
    this.#handle = stream._handle;
    this.#state = stream._writeState;
    stream.on("error", () => {
      this.#failed = true;
    });
  }

  /**
   * Takes a chunk; `take` gets what comes out, as views that are valid during the call.
   *
   * @throws {RsyncError} BAD_STREAM for what no zstd writes.
   */
  inflate(chunk: Uint8Array, take: (bytes: Uint8Array) => void): void {
    const output = this.#output;
    for (let from = 0; ; ) {
      const length = chunk.length - from;
      this.#state.fill(0xffffffff); // stays when the write fails
      this.#handle.writeSync(goOn, chunk, from, length, output, 0, outputBytes);
      const unused = this.#state[0] as number;
      const left = this.#state[1] as number;
      if (this.#failed || unused > outputBytes || left > length) throw badZstd();
      if (unused < outputBytes) take(output.subarray(0, outputBytes - unused));
      from = chunk.length - left;
      if (unused > 0) {
        if (left === length && length > 0) throw badZstd(); // the frame has ended, which it never does
        if (from === chunk.length) return;
      }
    }
  }
}

function noZstd(): RsyncError {
  return new RsyncError("PROTOCOL_MISMATCH", "Cannot decompress with zstd: this Node has none");
}

function badZstd(): RsyncError {
  return new RsyncError("BAD_STREAM", "Cannot decompress what the other side sent: it is no zstd");
}

/** Whether this Node can do both, seen by doing it once. */
export const readsZstd: boolean = hasZstd && proveBack();

function proveBack(): boolean {
  const word = Buffer.from("there and back");
  const found: Buffer[] = [];
  try {
    const inflater = new ZstdInflater();
    const take = (bytes: Uint8Array): void => void found.push(Buffer.from(bytes));
    const codec = new ZstdCodec();
    codec.compress(word, true, { data: (bytes) => inflater.inflate(bytes, take) });
    return Buffer.concat(found).equals(word);
  } catch {
    return false;
  }
}
