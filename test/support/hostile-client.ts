import { once } from "node:events";
import net from "node:net";
import { encodeFrameHeader } from "../../protocol/mux/frame.ts";

/** A client that says whatever a test wants, in bytes. */
export class HostileClient implements AsyncDisposable {
  readonly #socket: net.Socket;
  #received = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  ended = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    const wake = (): void => this.#wake?.();
    socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      wake();
    });
    socket.on("error", () => {}); // a reset is an end, too
    socket.on("close", () => {
      this.ended = true;
      wake();
    });
  }

  static async connect(port: number): Promise<HostileClient> {
    const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new HostileClient(socket);
  }

  /** A session of a module, up to the seed: what `words` ask for. */
  static async enter(port: number, words: readonly string[], module = "m"): Promise<HostileClient> {
    const client = await HostileClient.connect(port);
    client.send(`@RSYNCD: 31.0\n${module}\n`);
    await client.until("@RSYNCD: OK\n");
    client.send(`${words.join("\0")}\0\0`);
    return client;
  }

  /** What has come so far. */
  get received(): Buffer {
    return this.#received;
  }

  send(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  frame(tag: number, payload: string | Uint8Array): void {
    const bytes = Buffer.from(payload as string, "latin1");
    const header = Buffer.alloc(4);
    header.writeUInt32LE(encodeFrameHeader(tag, bytes.length));
    this.send(Buffer.concat([header, bytes]));
  }

  data(payload: string | Uint8Array): void {
    this.frame(0, payload);
  }

  /** Waits until a text has come. */
  async until(text: string): Promise<void> {
    while (!this.#received.toString("latin1").includes(text)) {
      if (this.ended) throw new Error(`closed after ${JSON.stringify(this.said)}`);
      await this.#more();
    }
  }

  /** Waits until the daemon hangs up; everything it said. */
  async end(): Promise<string> {
    while (!this.ended) await this.#more();
    return this.said;
  }

  get said(): string {
    return this.#received.toString("latin1");
  }

  /** True while the daemon reads what is sent. */
  get writable(): boolean {
    return !this.#socket.writableNeedDrain && !this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    while (!this.ended) await this.#more();
  }

  async #more(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
