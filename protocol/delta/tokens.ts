/** One file's tokens, to bytes. A match comes with its block's bytes, valid during the call. */
export interface TokenWriter {
  /** A file begins; `isStored`: it is not worth compressing. */
  begin?(isStored: boolean): void;
  literal(bytes: Uint8Array): void;
  match(block: number, bytes: Uint8Array): void;
  /** The file is complete; the next token belongs to the next file. */
  end(): void;
}

/** Where token bytes go; copies what it is given. */
export interface TokenOutput {
  uint8(value: number): void;
  uint16(value: number): void;
  int32(value: number): void;
  bytes(view: Uint8Array): void;
}

/** Literals are cut into pieces of this many bytes: 3.4.3 and 3.4.4 refuse longer ones. */
export const literalBytes: number = 32 * 1024;

/**
 * Uncompressed tokens.
 *
 *     length (4, > 0)  bytes      literal
 *     -(block + 1) (4)            match
 *     0 (4)                       end of file
 *
 * Wire: every protocol (spec: token.c, simple_send_token).
 */
export class PlainTokens implements TokenWriter {
  readonly #out: Pick<TokenOutput, "bytes" | "int32">;

  constructor(out: Pick<TokenOutput, "bytes" | "int32">) {
    this.#out = out;
  }

  literal(bytes: Uint8Array): void {
    if (bytes.length <= literalBytes) {
      this.#piece(bytes);
      return;
    }
    for (let at = 0; at < bytes.length; at += literalBytes) {
      this.#piece(bytes.subarray(at, at + literalBytes));
    }
  }

  #piece(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#out.int32(bytes.length);
    this.#out.bytes(bytes);
  }

  match(block: number): void {
    this.#out.int32(-(block + 1));
  }

  end(): void {
    this.#out.int32(0);
  }
}

/** Passes tokens on, and counts the bytes of both kinds. */
export class CountedTokens implements TokenWriter {
  readonly #tokens: TokenWriter;
  literalBytes = 0;
  matchedBytes = 0;

  constructor(tokens: TokenWriter) {
    this.#tokens = tokens;
  }

  begin(isStored: boolean): void {
    this.#tokens.begin?.(isStored);
  }

  literal(bytes: Uint8Array): void {
    this.literalBytes += bytes.length;
    this.#tokens.literal(bytes);
  }

  match(block: number, bytes: Uint8Array): void {
    this.matchedBytes += bytes.length;
    this.#tokens.match(block, bytes);
  }

  end(): void {
    this.#tokens.end();
  }
}
