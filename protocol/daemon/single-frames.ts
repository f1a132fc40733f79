import { RsyncError } from "../errors.ts";
import { decodeFrameHeader, messageTags } from "../mux/frame.ts";
import { Cursor, NeedMoreBytes } from "../wire/cursor.ts";
import { readUint32 } from "../wire/int.ts";

/** What is told before the stream is framed for good is short. */
const longest = 1024 * 1024;

export interface FrameParts {
  /** Reads what comes as it is. */
  readonly read: <T>(decode: (from: Cursor) => T) => Promise<T>;
  readonly onMessage: (tag: number, payload: Buffer) => void;
}

/**
 * Reads values out of one frame after the other, and nothing behind it: that may be no frame.
 *
 * Wire: names that a client lists for `--files-from`, at protocol 30 only (spec 1 §2.3).
 */
export class SingleFrames {
  readonly #parts: FrameParts;
  #data: Buffer = Buffer.alloc(0);

  constructor(parts: FrameParts) {
    this.#parts = parts;
  }

  /** One value, waiting for it. @throws {RsyncError} BAD_STREAM for a frame that is none. */
  async read<T>(decode: (from: Cursor) => T): Promise<T> {
    for (;;) {
      const cursor = new Cursor(this.#data);
      try {
        const value = decode(cursor);
        this.#data = this.#data.subarray(cursor.offset);
        return value;
      } catch (error) {
        if (!(error instanceof NeedMoreBytes)) throw error;
      }
      await this.#take();
    }
  }

  async #take(): Promise<void> {
    const { read, onMessage } = this.#parts;
    const { tag, length } = decodeFrameHeader(await read(readUint32));
    if (tag < 0 || length > longest || this.#data.length + length > longest) {
      const found = `a frame with tag ${tag} and ${length} bytes`;
      throw new RsyncError("BAD_STREAM", `Cannot go on with the client: found ${found}`);
    }
    const payload = await read((from) => Buffer.from(from.bytes(length)));
    if (tag === messageTags.data) this.#data = Buffer.concat([this.#data, payload]);
    else onMessage(tag, payload);
  }
}
