import type { Agreement } from "../agreement.ts";
import { RsyncError } from "../errors.ts";
import { messageTags } from "../mux/frame.ts";
import { Mux, type Output } from "../mux/mux.ts";
import type { BytePath } from "../path.ts";
import { severityOf } from "../pull-report.ts";
import type { DaemonText } from "../report.ts";
import { KeepAlive } from "../transport/keep-alive.ts";
import type { Cursor } from "../wire/cursor.ts";
import { encoded } from "../wire/writer.ts";
import type { ClientLine } from "./client-line.ts";
import type { ClientOptions } from "./client-options.ts";
import type { ListShare } from "./list-budget.ts";
import type { DaemonEvent, DaemonModule, DaemonSession } from "./module.ts";
import { SingleFrames } from "./single-frames.ts";

/** What a session begins with. */
export interface SessionStart {
  readonly line: ClientLine;
  readonly agreement: Agreement;
  readonly options: ClientOptions;
  readonly module: DaemonModule;
  readonly about: DaemonSession;
  readonly mayRead: boolean;
  readonly mayWrite: boolean;
  readonly timeoutSeconds: number;
  readonly memory: ListShare;
  readonly log: (event: DaemonEvent) => void;
}

/** What a client's messages mean to who serves it. */
export interface MessageHandlers {
  onIoError?(bits: number): void;
  onSuccess?(index: number): void;
  onNoSend?(index: number): void;
  /** The connection has ended. */
  onEnd?(reason: RsyncError): void;
}

const mostSilenceSeconds = 86_400;

/** A client that has agreed with us on everything. */
export type ClientSession = SessionStart & Conversation;

/** The session that so begins; nothing has been said yet. */
export function openSession(start: SessionStart): ClientSession {
  return Object.assign(new Conversation(start), start);
}

/** What is said beside the data. */
class Conversation {
  readonly output: Output;
  handlers: MessageHandlers = {};
  totalBytes = 0;
  readonly #start: SessionStart;
  readonly #keepAlive: KeepAlive;
  /** Where the client's data begins. */
  #begunAt = 0;

  /** What comes in frames before names that do not; undefined where all does, or nothing. */
  #lead: SingleFrames | undefined;

  constructor(start: SessionStart) {
    this.#start = start;
    const { agreement, line, options } = start;
    const namesAreBare = agreement.protocol < 31 && options.isPull && options.filesFrom === "-";
    if (this.#isFramed && namesAreBare) {
      this.#lead = new SingleFrames({
        read: (decode) => line.read(decode),
        onMessage: (tag, payload) => this.hear(tag, payload),
      });
    }
    this.output = new Mux(start.line.sink);
    this.#keepAlive = new KeepAlive(() => this.#speak());
  }

  /** From here on the client's messages are heard, and it hears how long it may be silent. */
  begin(): void {
    const { agreement, line, timeoutSeconds } = this.#start;
    const { protocol } = agreement;
    line.expectProgress(timeoutSeconds * 1_000);
    this.#begunAt = line.source.position;
    if (this.#isFramed && this.#lead === undefined) {
      this.#begunAt += line.source.available; // as bytes that were not framed away yet
      line.source.demultiplex();
    }
    if (protocol >= 30) {
      this.#keepAlive.adoptTimeout(seconds(timeoutSeconds));
      this.#keepAlive.start();
    }
    if (protocol < 31 || timeoutSeconds > mostSilenceSeconds) return;
    this.output.message(messageTags.ioTimeout, seconds(timeoutSeconds));
  }

  /** True while the client has sent nothing but signs of life: a mirror keeps some that wait. */
  get isIdle(): boolean {
    const { position, available } = this.#start.line.source;
    return position + available === this.#begunAt;
  }

  /** Who acknowledges files does so in messages, whatever the protocol. */
  get #isFramed(): boolean {
    const { agreement, options } = this.#start;
    return agreement.protocol >= 30 || (agreement.acknowledges && options.isPull);
  }

  /** What the client says first of all. */
  readFirst<T>(decode: (from: Cursor) => T): Promise<T> {
    return this.#lead?.read(decode) ?? this.#start.line.read(decode);
  }

  /** The names that it fetches are here, or it has none of its own. */
  endNames(): void {
    if (this.#lead === undefined) return;
    this.#lead = undefined;
    this.#start.line.source.demultiplex();
  }

  end(): void {
    this.#start.memory.giveBack();
    this.#keepAlive.stop();
  }

  /** Takes a message of the client. @throws {RsyncError} for one that no client sends. */
  hear(tag: number, payload: Buffer): void {
    const number = payload.length >= 4 ? payload.readInt32LE(0) : undefined;
    if (tag === messageTags.noop || severityOf(tag) !== undefined) return;
    if (tag === messageTags.errorExit) throw gone(number);
    if (number === undefined) throw unknownMessage(tag, payload);
    if (tag === messageTags.ioError) this.handlers.onIoError?.(number);
    else if (tag === messageTags.success) this.handlers.onSuccess?.(number);
    else if (tag === messageTags.noSend) this.handlers.onNoSend?.(number);
    else throw unknownMessage(tag, payload);
  }

  /** Tells the client something, in lines; an error makes it end with code 23. */
  tell(severity: DaemonText["severity"], text: string): void {
    const { about, agreement, log } = this.#start;
    const tag =
      agreement.protocol < 30 && severity === "warning" ? messageTags.info : tags[severity];
    this.output.message(tag, lineOf(text));
    log({ ...about, kind: "text", severity, text });
  }

  /** One object, for a log of transfers. */
  tellTransfer(operation: "receive" | "send" | "delete", path: BytePath, sizeBytes: number): void {
    const { about, log, module } = this.#start;
    if (module.logsTransfers !== true) return;
    log({ ...about, kind: "transfer", operation, path, sizeBytes });
  }

  /** The last words of a session that fails: why, and the exit code. */
  sayFailure(exitCode: number, text: string): void {
    const { protocol } = this.#start.agreement;
    const tag = protocol < 30 ? messageTags.errorTransfer : messageTags.error;
    const end = `rsync error: ${exitTexts[exitCode] ?? "the daemon gave up"} (code ${exitCode})`;
    for (const line of [text, end]) this.output.message(tag, lineOf(line));
    if (protocol >= 31) {
      this.output.message(
        messageTags.errorExit,
        encoded((to) => to.int32(exitCode)),
      );
    }
    this.output.flush();
  }

  #speak(): void {
    const { output } = this;
    const { line } = this.#start;
    if (line.sink.congested || line.socket.destroyed) return;
    const before = output.bytesSent;
    output.keepAlive();
    line.idleBytes += output.bytesSent - before;
  }
}

/** Longer messages end a session. */
const longestText = 4_000;

/** A line for the client. What the system was asked with is our own business. */
function lineOf(text: string): Buffer {
  const told = text.replace(/, [a-z]+ '\/[\s\S]*'$/, "").slice(0, longestText);
  return Buffer.from(`${told}\n`, "utf8");
}

const tags = {
  error: messageTags.errorTransfer,
  warning: messageTags.warning,
  info: messageTags.info,
} as const;

const exitTexts: Readonly<Record<number, string>> = {
  1: "not allowed",
  2: "not the protocol",
  3: "no such place",
  4: "not supported here",
  11: "files cannot be written",
  12: "not what belongs there",
  22: "too little memory",
  30: "silence for too long",
};

function seconds(value: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeInt32LE(value);
  return payload;
}

function gone(exitCode: number | undefined): RsyncError {
  const found = exitCode === undefined ? "it gave up" : `it gave up with code ${exitCode}`;
  return new RsyncError("REMOTE_FAILED", `Cannot go on with the client: ${found}`);
}

function unknownMessage(tag: number, payload: Buffer): RsyncError {
  return new RsyncError(
    "BAD_STREAM",
    `Cannot go on with the client: message ${tag} of ${payload.length} bytes is none of its`,
  );
}
