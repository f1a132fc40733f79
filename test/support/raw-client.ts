import { once } from "node:events";
import net from "node:net";
import type { FileEntry } from "../../protocol/flist/entry.ts";
import { listFormat } from "../../protocol/flist/format.ts";
import { writeFileList } from "../../protocol/flist/list.ts";
import type { TransferOptions } from "../../protocol/index.ts";
import { encodeFrameHeader, messageTags } from "../../protocol/mux/frame.ts";
import { Mux } from "../../protocol/mux/mux.ts";

/** A client of a daemon that says whatever it is told to, right or wrong. */
export class RawClient implements Disposable {
  readonly socket: net.Socket;
  readonly #closed: Promise<unknown>;
  #heard: Buffer = Buffer.alloc(0);

  constructor(port: number) {
    this.socket = net.connect({ port, host: "127.0.0.1" });
    this.socket.on("error", () => {}); // seen as the end
    this.socket.on("data", (chunk: Buffer) => {
      this.#heard = Buffer.concat([this.#heard, chunk]);
    });
    this.#closed = once(this.socket, "close");
  }

  /** What has come so far, as a byte string. */
  get heard(): string {
    return this.#heard.toString("latin1");
  }

  say(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
    return this;
  }

  /** Greets, names the module `m`, and says its arguments. Protocol 30, nothing is negotiated. */
  enter(...words: readonly string[]): this {
    return this.say(`@RSYNCD: 30.0\nm\n${words.join("\0")}\0\0`);
  }

  /** One frame, of data if nothing else is said. */
  frame(payload: Uint8Array, tag: number = messageTags.data): this {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(encodeFrameHeader(tag, payload.length));
    return this.say(header).say(payload);
  }

  /** A whole file list, as a sender says it. */
  async list(entries: readonly FileEntry[], transfer: TransferOptions = {}): Promise<this> {
    const format = listFormat({ protocol: 30, compat: 0 }, transfer, { digestLength: 0 });
    const output = new Mux({
      take: () => Buffer.alloc(64 * 1024),
      send: (buffer, length) => void this.say(Buffer.from(buffer.subarray(0, length))),
    });
    await writeFileList(output, entries, format, false, async () => {});
    output.flush();
    return this;
  }

  /** Everything that was heard, once the daemon has hung up. */
  async end(): Promise<string> {
    await this.#closed;
    return this.heard;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
