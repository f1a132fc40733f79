import * as zlib from "node:zlib";
import type { LiteralCodec } from "./compressed-tokens.ts";
import type { TokenFrames } from "./token-frames.ts";

/** What Node 22.15 and later have, and the types of Node 20 do not know. */
interface ZstdFunctions {
  readonly zstdCompressSync?: (
    bytes: Uint8Array,
    options: { readonly params: Readonly<Record<number, number>> },
  ) => Buffer;
}

const { zstdCompressSync } = zlib as ZstdFunctions;

/** Whether this Node can compress with zstd. */
export const hasZstd: boolean = zstdCompressSync !== undefined;

/** ZSTD_c_compressionLevel in zstd.h. */
const levelParameter = 100;

/**
 * zstd: one frame for each piece of a literal.
 *
 * rsync's own sender keeps a single frame open for the whole session; its receiver decodes a stream
 * of frames just as well, and whole frames need no object that must be waited for.
 *
 * Wire: protocol 31 and later, daemons since 3.2.0 (spec: token.c, send_zstd_token).
 */
export class ZstdCodec implements LiteralCodec {
  readonly pieceBytes: number = 256 * 1024;
  readonly #params: Readonly<Record<number, number>>;

  /** `level` is zstd's, -131072 to 22; 0 is zstd's own choice, 3. Default 0. */
  constructor(level = 0) {
    this.#params = { [levelParameter]: Math.min(Math.max(level, -131_072), 22) };
  }

  compress(piece: Uint8Array, _isLast: boolean, frames: TokenFrames): void {
    if (zstdCompressSync === undefined) throw new TypeError("this Node has no zstd");
    frames.data(zstdCompressSync(piece, { params: this.#params }));
  }

  matched(): void {
    // matched blocks stay outside of the compressor
  }

  endFile(): void {
    // frames know nothing of files
  }
}
