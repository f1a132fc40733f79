import { constants, deflateRawSync } from "node:zlib";
import { TokenFrames } from "./token-frames.ts";
import type { TokenOutput, TokenWriter } from "./tokens.ts";

/** Deflate reaches back so far. */
const windowBytes = 32 * 1024;
/** Literals are gathered up to this length before they are compressed: one call for many. */
const pieceBytes = 256 * 1024;
/** What a flush ends with; it does not travel, the receiver adds it. */
const flushMarkerBytes = 4;
/** Receivers below protocol 31 take a longer match into their window wrongly. */
const safeMatchBytes = 65_535;

export interface DeflateOptions {
  /** 1 (fast) to 9 (small), or -1 for zlib's own choice. Default -1. */
  readonly level?: number;
}

/**
 * Tokens with their literals compressed by deflate, as `zlibx` has it: matched blocks stay outside
 * of the compressor.
 *
 * Each piece is compressed by itself, with what the receiver's window holds as its dictionary: that
 * gives the bytes of one long stream, without an object that must be waited for. Only the marker
 * behind the last piece of a literal is left out.
 *
 * Wire: every protocol, `-z` (spec: token.c, send_deflated_token).
 */
export class ZlibxTokens implements TokenWriter {
  protected readonly window: DeflateWindow = new DeflateWindow();
  readonly #frames: TokenFrames;
  readonly #level: number;
  readonly #piece: Buffer = Buffer.allocUnsafeSlow(pieceBytes);
  #length = 0;

  constructor(out: TokenOutput, options: DeflateOptions = {}) {
    this.#frames = new TokenFrames(out);
    this.#level = options.level ?? -1;
  }

  literal(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#frames.endRun();
    for (let at = 0; at < bytes.length; ) {
      if (this.#length === pieceBytes) this.#frames.data(this.#compress());
      const part = bytes.subarray(at, at + pieceBytes - this.#length);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      at += part.length;
    }
  }

  match(block: number, bytes: Uint8Array): void {
    this.#flush();
    this.#frames.block(block);
    this.matched(bytes);
  }

  end(): void {
    this.#flush();
    this.#frames.end();
    this.window.clear();
  }

  /** What a matched block does to the receiver's window: nothing here. */
  protected matched(_bytes: Uint8Array): void {}

  #flush(): void {
    if (this.#length > 0) this.#frames.data(this.#compress().subarray(0, -flushMarkerBytes));
  }

  #compress(): Buffer {
    const piece = this.#piece.subarray(0, this.#length);
    const dictionary = this.window.bytes;
    const compressed = deflateRawSync(piece, {
      level: this.#level,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(dictionary.length > 0 && { dictionary }),
    });
    this.window.add(piece);
    this.#length = 0;
    return compressed;
  }
}

/**
 * The same as `zlib` has it: matched blocks pass through the receiver's window too, so literals can
 * refer to them. What daemons before 3.1.1 understand.
 */
export class ZlibTokens extends ZlibxTokens {
  readonly #protocol: number;

  constructor(out: TokenOutput, protocol: number, options: DeflateOptions = {}) {
    super(out, options);
    this.#protocol = protocol;
  }

  protected override matched(bytes: Uint8Array): void {
    // What older receivers put into their window instead is better not referred to.
    if (this.#protocol < 31 && bytes.length > safeMatchBytes) this.window.clear();
    else this.window.add(bytes);
  }
}

/** The last bytes that went through a receiver's window. */
class DeflateWindow {
  readonly #buffer = Buffer.allocUnsafeSlow(4 * windowBytes);
  #length = 0;

  get bytes(): Uint8Array {
    return this.#buffer.subarray(Math.max(0, this.#length - windowBytes), this.#length);
  }

  add(bytes: Uint8Array): void {
    const added = bytes.length > windowBytes ? bytes.subarray(-windowBytes) : bytes;
    if (this.#length + added.length > this.#buffer.length) {
      const kept = this.bytes;
      this.#buffer.copyWithin(0, this.#length - kept.length, this.#length);
      this.#length = kept.length;
    }
    this.#buffer.set(added, this.#length);
    this.#length += added.length;
  }

  clear(): void {
    this.#length = 0;
  }
}
