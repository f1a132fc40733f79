import { TokenFrames } from "./token-frames.ts";
import type { TokenOutput, TokenWriter } from "./tokens.ts";

/** How one algorithm turns literals into the data between tokens. */
export interface LiteralCodec {
  /** Literals are gathered up to this length before they are compressed: one call for many. */
  readonly pieceBytes: number;
  /** A file begins; one that `isStored` is not worth compressing. Default: all are. */
  begin?(isStored: boolean): void;
  /** Compresses a piece; `isLast` when a match or the end of the file follows it. */
  compress(piece: Uint8Array, isLast: boolean, frames: Pick<TokenFrames, "data">): void;
  /** The peer has taken these bytes from its own file. */
  matched(bytes: Uint8Array): void;
  /** The file is complete. */
  endFile(): void;
}

/** Tokens with compressed literals: framing and gathering, the same for every algorithm. */
export class CompressedTokens implements TokenWriter {
  readonly #frames: TokenFrames;
  readonly #codec: LiteralCodec;
  #piece: Buffer | undefined;
  #length = 0;

  constructor(out: TokenOutput, codec: LiteralCodec) {
    this.#frames = new TokenFrames(out);
    this.#codec = codec;
  }

  begin(isStored: boolean): void {
    this.#codec.begin?.(isStored);
  }

  literal(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#frames.endRun();
    this.#piece ??= Buffer.allocUnsafeSlow(this.#codec.pieceBytes);
    for (let at = 0; at < bytes.length; ) {
      if (this.#length === this.#piece.length) this.#compress(false);
      const part = bytes.subarray(at, at + this.#piece.length - this.#length);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
    }
  }

  match(block: number, bytes: Uint8Array): void {
    this.#compress(true);
    this.#frames.block(block);
    this.#codec.matched(bytes);
  }

  end(): void {
    this.#compress(true);
    this.#frames.end();
    this.#codec.endFile();
  }

  #compress(isLast: boolean): void {
    if (this.#piece === undefined || this.#length === 0) return;
    this.#codec.compress(this.#piece.subarray(0, this.#length), isLast, this.#frames);
    this.#length = 0;
  }
}
