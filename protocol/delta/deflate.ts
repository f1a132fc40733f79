import { constants, deflateRawSync } from "node:zlib";
import type { LiteralCodec } from "./compressed-tokens.ts";
import { isDense } from "./density.ts";
import type { TokenFrames } from "./token-frames.ts";

/** Deflate reaches back so far. */
const windowBytes = 32 * 1024;
/** What a flush ends with; behind a literal it does not travel, the receiver adds it. */
const flushMarkerBytes = 4;
/** A stored block's length has 16 bits. */
const storedBytes = 65_535;
const storedHeaderBytes = 5;
/** Receivers below protocol 31 take a longer match into their window wrongly. */
const safeMatchBytes = 65_535;

export interface DeflateOptions {
  /** 1 (fast) to 9 (small). Default 6. */
  readonly level?: number | undefined;
  /**
   * True for `zlib`: matched blocks pass through the receiver's window too, so literals can refer
   * to them. False for `zlibx` (3.1.1 and later). Default false.
   */
  readonly feedsMatches?: boolean;
}

/**
 * Raw deflate, anew for each file.
 *
 * Each piece is compressed by itself, with what the receiver's window holds as its dictionary: that
 * gives the bytes of one long stream, without an object that must be waited for. What would not
 * become shorter is stored as it is, forty times as fast.
 *
 * Wire: every protocol, `-z` (spec: token.c, send_deflated_token).
 */
export class DeflateCodec implements LiteralCodec {
  readonly pieceBytes: number = 256 * 1024;
  readonly #level: number;
  readonly #feedsMatches: boolean;
  readonly #window = new DeflateWindow();
  #isStored = false;

  constructor(options: DeflateOptions = {}) {
    const { level = 6, feedsMatches = false } = options;
    this.#level = Math.min(Math.max(level, 1), 9);
    this.#feedsMatches = feedsMatches;
  }

  begin(isStored: boolean): void {
    this.#isStored = isStored;
  }

  compress(piece: Uint8Array, isLast: boolean, frames: TokenFrames): void {
    const compressed = this.#isStored || isDense(piece) ? stored(piece) : this.#deflate(piece);
    this.#window.add(piece);
    frames.data(isLast ? compressed.subarray(0, -flushMarkerBytes) : compressed);
  }

  #deflate(piece: Uint8Array): Uint8Array {
    const dictionary = this.#window.bytes;
    return deflateRawSync(piece, {
      level: this.#level,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary.length > 0 && { dictionary }),
    });
  }

  matched(bytes: Uint8Array): void {
    if (!this.#feedsMatches) return;
    // What old receivers put into their window instead of a long block is better not referred to.
    if (bytes.length > safeMatchBytes) this.#window.clear();
    else this.#window.add(bytes);
  }

  endFile(): void {
    this.#window.clear();
  }
}

/** What is stored is copied into frames at once, so all sessions share the place it passes through. */
let scratch = Buffer.alloc(0);

/** Stored blocks and a flush, as deflate's level 0 writes them: `00 length(2) ~length(2) bytes`. */
function stored(piece: Uint8Array): Uint8Array {
  const blocks = Math.ceil(piece.length / storedBytes);
  const longest = piece.length + (blocks + 1) * storedHeaderBytes;
  if (scratch.length < longest) scratch = Buffer.allocUnsafeSlow(longest);
  const out = scratch;
  let offset = 0;
  for (let at = 0; at < piece.length; at += storedBytes) {
    const part = piece.subarray(at, at + storedBytes);
    offset = writeStoredHeader(out, offset, part.length);
    out.set(part, offset);
    offset += part.length;
  }
  return out.subarray(0, writeStoredHeader(out, offset, 0));
}

function writeStoredHeader(out: Buffer, offset: number, length: number): number {
  out.writeUInt8(0, offset);
  out.writeUInt16LE(length, offset + 1);
  return out.writeUInt16LE(~length & 0xffff, offset + 3);
}

/** The last bytes that went through a receiver's window. */
class DeflateWindow {
  #buffer: Buffer | undefined;
  #length = 0;

  get bytes(): Uint8Array {
    const from = Math.max(0, this.#length - windowBytes);
    return this.#buffer?.subarray(from, this.#length) ?? new Uint8Array(0);
  }

  add(bytes: Uint8Array): void {
    const added = bytes.length > windowBytes ? bytes.subarray(-windowBytes) : bytes;
    this.#buffer ??= Buffer.allocUnsafeSlow(4 * windowBytes);
    if (this.#length + added.length > this.#buffer.length) {
      const kept = this.bytes.length;
      this.#buffer.copyWithin(0, this.#length - kept, this.#length);
      this.#length = kept;
    }
    this.#buffer.set(added, this.#length);
    this.#length += added.length;
  }

  clear(): void {
    this.#length = 0;
  }
}
