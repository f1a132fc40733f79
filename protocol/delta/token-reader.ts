import { RsyncError } from "../errors.ts";
import type { CompressionName } from "../options.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readInt32, readUint16 } from "../wire/int.ts";
import { Inflater } from "./inflate.ts";
import { decompressLz4 } from "./lz4-block.ts";
import { chunkBytes } from "./token-frames.ts";
import { readsZstd, ZstdInflater } from "./unzstd.ts";

/** What a file is put together from. Views are valid during the call. */
export interface TokenTarget {
  literal(bytes: Uint8Array): void;
  /** `count` blocks of the basis, `first` and those that follow it. */
  blocks(first: number, count: number): void;
}

/** Reads the tokens of one file after the other. */
export interface TokenReader {
  /**
   * Takes one token, or a part of a literal, and hands it to `target`; true at the file's end.
   *
   * @throws NeedMoreBytes, with nothing taken. @throws {RsyncError} BAD_STREAM
   */
  read(from: Cursor, target: TokenTarget): boolean;
  /** The bytes of blocks that were told of last, in order. */
  matched(bytes: Uint8Array): void;
}

/** Compressions we can read, best first. */
export const readableCompressions: readonly CompressionName[] = readsZstd
  ? ["zstd", "zlibx", "zlib", "lz4"]
  : ["zlibx", "zlib", "lz4"];

/**
 * The token reader of a session.
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH for a compression we cannot read.
 */
export function openTokenReader(compression: string | undefined): TokenReader {
  if (compression === undefined) return new PlainTokenReader();
  if (compression === "zlibx") return new CompressedTokenReader(new InflateDecoder(false));
  if (compression === "zlib") return new CompressedTokenReader(new InflateDecoder(true));
  if (compression === "zstd" && readsZstd) return new CompressedTokenReader(new ZstdDecoder());
  if (compression === "lz4") return new CompressedTokenReader(lz4Decoder);
  throw new RsyncError(
    "PROTOCOL_MISMATCH",
    `Cannot decompress: "${compression}" was agreed, there are ${readableCompressions.join(", ")}`,
  );
}

/** Uncompressed tokens; the twin of {@link PlainTokens}. Wire: every protocol (spec 2 §4.1). */
export class PlainTokenReader implements TokenReader {
  /** Of the literal that is being read. */
  #left = 0;

  read(from: Cursor, target: TokenTarget): boolean {
    if (this.#left === 0) {
      const token = readInt32(from);
      if (token === 0) return true;
      if (token < 0) {
        target.blocks(-(token + 1), 1);
        return false;
      }
      this.#left = token;
      // What follows is taken as it comes: no length of the peer's sizes anything.
      if (from.available === 0) return false;
    }
    const bytes = from.bytes(Math.max(1, Math.min(this.#left, from.available)));
    this.#left -= bytes.length;
    target.literal(bytes);
    return false;
  }

  /**
   * All of a file that is one literal, or empty; undefined, and nothing taken, for any other.
   *
   * @throws NeedMoreBytes
   */
  readWhole(from: Cursor, mostBytes: number): Uint8Array | undefined {
    const start = from.offset;
    const length = readInt32(from);
    if (length === 0) return from.bytes(0);
    if (length > 0 && length <= mostBytes) {
      const literal = from.bytes(length);
      if (readInt32(from) === 0) return literal;
    }
    from.rewind(start);
    return undefined;
  }

  matched(): void {
    // nothing refers back
  }
}

/** How one algorithm turns chunks into literals. */
interface ChunkDecoder {
  chunk(bytes: Uint8Array, target: TokenTarget): void;
  /** A run of chunks is over. */
  endRun(target: TokenTarget): void;
  matched(bytes: Uint8Array): void;
  endFile(): void;
}

/** The frames that all compressions share; the twin of {@link TokenFrames} (spec 2 §4.2). */
class CompressedTokenReader implements TokenReader {
  readonly #decoder: ChunkDecoder;
  #last = 0;
  #inRun = false;

  constructor(decoder: ChunkDecoder) {
    this.#decoder = decoder;
  }

  read(from: Cursor, target: TokenTarget): boolean {
    const start = from.offset;
    const flag = from.uint8();
    if ((flag & 0xc0) === 0x40) {
      const chunk = from.bytes(((flag & 0x3f) << 8) | from.uint8());
      this.#inRun = true;
      this.#decoder.chunk(chunk, target);
      return false;
    }
    if (this.#inRun) {
      from.rewind(start); // the same byte is read again, when the run has been ended
      this.#inRun = false;
      this.#decoder.endRun(target);
      return false;
    }
    if (flag === 0) {
      this.#last = 0;
      this.#decoder.endFile();
      return true;
    }
    this.#readBlocks(flag, from, target);
    return false;
  }

  #readBlocks(flag: number, from: Cursor, target: TokenTarget): void {
    const isRelative = (flag & 0x80) !== 0;
    if (!isRelative && flag !== 0x20 && flag !== 0x21) {
      throw new RsyncError("BAD_STREAM", `Cannot read a token: it begins with ${flag}`);
    }
    const first = isRelative ? this.#last + (flag & 0x3f) : readInt32(from);
    const isRun = isRelative ? (flag & 0x40) !== 0 : flag === 0x21;
    const count = isRun ? readUint16(from) + 1 : 1;
    this.#last = first + count - 1;
    target.blocks(first, count);
  }

  matched(bytes: Uint8Array): void {
    this.#decoder.matched(bytes);
  }
}

class InflateDecoder implements ChunkDecoder {
  readonly #inflater = new Inflater();
  readonly #takesMatches: boolean;

  /** @param takesMatches `zlib`: literals may refer to matched blocks. */
  constructor(takesMatches: boolean) {
    this.#takesMatches = takesMatches;
  }

  chunk(bytes: Uint8Array, target: TokenTarget): void {
    this.#inflater.inflate(bytes, (out) => target.literal(out));
  }

  endRun(target: TokenTarget): void {
    this.#inflater.flush((out) => target.literal(out));
  }

  matched(bytes: Uint8Array): void {
    if (this.#takesMatches) this.#inflater.remember(bytes);
  }

  endFile(): void {
    this.#inflater.reset();
  }
}

/** One frame goes through all files; blocks are not in it. */
class ZstdDecoder implements ChunkDecoder {
  readonly #inflater = new ZstdInflater();

  chunk(bytes: Uint8Array, target: TokenTarget): void {
    this.#inflater.inflate(bytes, (out) => target.literal(out));
  }

  endRun(): void {
    // the sender has flushed
  }

  matched(): void {
    // blocks stay outside
  }

  endFile(): void {
    // the frame goes on
  }
}

/** Every chunk stands for itself. */
const lz4Decoder: ChunkDecoder = {
  chunk: (bytes, target) => target.literal(decompressLz4(bytes, chunkBytes)),
  endRun: () => {},
  matched: () => {},
  endFile: () => {},
};
