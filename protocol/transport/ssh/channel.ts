import { Duplex } from "node:stream";
import type { ClientChannel } from "ssh2";
import { RsyncError } from "../../errors.ts";
import type { Connection } from "../connection.ts";

/** What is kept of what the other side says beside its data; the first lines tell most. */
const mostComplaintBytes = 4_096;

/** The two streams of a program on another machine, with what a session needs of a socket. */
export class ChannelConnection extends Duplex implements Connection {
  readonly #channel: ClientChannel;
  readonly #end: () => void;
  #bytesRead = 0;
  #bytesSent = 0;
  /** Told of each line of the program's error output. */
  onComplaint: ((line: string) => void) | undefined = undefined;
  #complaint = "";
  #line = "";
  #exitCode: number | undefined;
  #timeoutMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param end ends the connection that carries the channel. */
  constructor(channel: ClientChannel, program: string, end: () => void) {
    super({ highWaterMark: 256 * 1024 });
    this.#channel = channel;
    this.#end = end;
    channel.on("data", (chunk: Buffer) => this.#receive(chunk));
    channel.stderr.on("data", (chunk: Buffer) => this.#hear(chunk));
    channel.on("exit", (code: number | null) => {
      this.#exitCode = code ?? undefined;
    });
    channel.on("error", (cause: Error) => this.destroy(cause));
    channel.on("close", () => this.destroy(this.#failure(program)));
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** As in a socket: what waits to be sent counts, too. */
  get bytesWritten(): number {
    return this.#bytesSent + this.writableLength;
  }

  setTimeout(timeoutMs: number, onSilence?: () => void): this {
    this.#timeoutMs = timeoutMs;
    if (onSilence !== undefined) this.once("timeout", onSilence);
    this.#touch();
    return this;
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _: string, done: (error?: Error | null) => void): void {
    this.#touch();
    this.#channel.write(chunk, () => {
      this.#bytesSent += chunk.length;
      this.#touch();
      done();
    });
  }

  override _final(done: () => void): void {
    this.#channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#timer);
    this.#end();
    done(error);
  }

  #receive(chunk: Buffer): void {
    this.#bytesRead += chunk.length;
    this.#touch();
    if (!this.push(chunk)) this.#channel.pause();
  }

  #hear(chunk: Buffer): void {
    const room = mostComplaintBytes - this.#complaint.length;
    this.#complaint += chunk.toString("latin1", 0, Math.max(0, Math.min(room, chunk.length)));
    const lines = (this.#line + chunk.toString("latin1")).split("\n");
    this.#line = (lines.pop() ?? "").slice(-mostComplaintBytes);
    for (const line of lines) this.onComplaint?.(line);
  }

  #touch(): void {
    clearTimeout(this.#timer);
    if (this.#timeoutMs === 0 || this.destroyed) return;
    this.#timer = setTimeout(() => this.emit("timeout"), this.#timeoutMs);
    this.#timer.unref();
  }

  /** A program that ends well just closes the connection. */
  #failure(program: string): Error | undefined {
    if (this.#exitCode === 0) return undefined;
    const [line = ""] = this.#complaint.trim().split("\n");
    const found = line === "" ? `it exited with code ${this.#exitCode ?? "unknown"}` : line;
    return new RsyncError("REMOTE_FAILED", `Cannot go on with ${program}: ${found}`);
  }
}
