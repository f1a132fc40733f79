import * as zlib from "node:zlib";
import { RsyncError } from "../errors.ts";
import type { LiteralCodec } from "./compressed-tokens.ts";
import type { StreamHandle } from "./stream-handle.ts";
import type { TokenFrames } from "./token-frames.ts";

interface ZstdStream {
  readonly _handle?: StreamHandle;
  /** After a write: room left in the output, and input not taken yet. */
  readonly _writeState?: Uint32Array;
}

/** What Node 22.15 and later have, and the types of Node 20 do not know. */
interface ZstdFunctions {
  readonly createZstdCompress?: (options: { params: Record<number, number> }) => ZstdStream;
  readonly zstdDecompressSync?: (bytes: Uint8Array) => Buffer;
}

const { createZstdCompress, zstdDecompressSync } = zlib as unknown as ZstdFunctions;

/** ZSTD_c_compressionLevel in zstd.h. */
const levelParameter = 100;
/** ZSTD_e_continue and ZSTD_e_flush. */
const goOn = 0;
const flushAll = 1;

/**
 * zstd: one frame for the whole session, in which later files refer to earlier ones.
 *
 * Node's streams answer through callbacks; the binding below them compresses synchronously. It is
 * not public: {@link hasZstd} tells whether it does here what it is expected to do.
 *
 * Wire: protocol 31 and later, daemons since 3.2.0 (spec: token.c, send_zstd_token).
 */
export class ZstdCodec implements LiteralCodec {
  readonly pieceBytes: number = 256 * 1024;
  readonly #handle: StreamHandle;
  readonly #state: Uint32Array;
  readonly #output: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

  /** `level` is zstd's, -131072 to 22; 0 is its own choice, 3. */
  constructor(level = 0) {
    const params = { [levelParameter]: Math.min(Math.max(level, -131_072), 22) };
    const stream = createZstdCompress?.({ params });
    if (stream?._handle === undefined || stream._writeState === undefined) throw noZstd();
    this.#handle = stream._handle;
    this.#state = stream._writeState;
  }

  compress(piece: Uint8Array, isLast: boolean, frames: Pick<TokenFrames, "data">): void {
    const output = this.#output;
    const flush = isLast ? flushAll : goOn;
    let from = 0;
    let unused = 0;
    do {
      this.#state.fill(0xffffffff); // stays when the write fails
      this.#handle.writeSync(flush, piece, from, piece.length - from, output, 0, output.length);
      unused = this.#state[0] as number;
      if (unused > output.length) throw noZstd();
      frames.data(output.subarray(0, output.length - unused));
      from = piece.length - (this.#state[1] as number);
    } while (from < piece.length || unused === 0);
  }

  matched(): void {
    // matched blocks stay outside of the compressor
  }

  endFile(): void {
    // the frame goes on
  }
}

function noZstd(): RsyncError {
  return new RsyncError("PROTOCOL_MISMATCH", "Cannot compress with zstd: this Node has none");
}

/** Whether this Node can compress with zstd, seen by doing it once. */
export const hasZstd: boolean = proveZstd();

function proveZstd(): boolean {
  if (createZstdCompress === undefined || zstdDecompressSync === undefined) return false;
  const lastBlock = Buffer.from([0x01, 0x00, 0x00]); // empty; ends the frame
  const word = Buffer.from("zstd");
  const compressed: Buffer[] = [];
  try {
    const codec = new ZstdCodec();
    const data = (bytes: Uint8Array): void => void compressed.push(Buffer.from(bytes));
    codec.compress(word, false, { data });
    codec.compress(word, true, { data });
    const frame = Buffer.concat([...compressed, lastBlock]);
    return zstdDecompressSync(frame).equals(Buffer.concat([word, word]));
  } catch {
    return false;
  }
}
