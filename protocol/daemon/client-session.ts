import type { Agreement } from "../agreement.ts";
import { RsyncError } from "../errors.ts";
import { messageTags } from "../mux/frame.ts";
import { Mux, type Output } from "../mux/mux.ts";
import type { BytePath } from "../path.ts";
import { severityOf } from "../pull-report.ts";
import type { DaemonText } from "../report.ts";
import { KeepAlive } from "../transport/keep-alive.ts";
import { encoded } from "../wire/writer.ts";
import type { ClientLine } from "./client-line.ts";
import type { ClientOptions } from "./client-options.ts";
import type { ListShare } from "./list-budget.ts";
import type { DaemonEvent, DaemonModule, DaemonSession } from "./module.ts";

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

/** A client that has agreed with us on everything: what is said beside the data. */
export class ClientSession implements SessionStart {
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
  readonly output: Output;
  handlers: MessageHandlers = {};
  totalBytes = 0;
  readonly #keepAlive: KeepAlive;

  constructor(start: SessionStart) {
    this.line = start.line;
    this.agreement = start.agreement;
    this.options = start.options;
    this.module = start.module;
    this.about = start.about;
    this.mayRead = start.mayRead;
    this.mayWrite = start.mayWrite;
    this.timeoutSeconds = start.timeoutSeconds;
    this.memory = start.memory;
    this.log = start.log;
    this.output = new Mux(start.line.sink);
    this.#keepAlive = new KeepAlive(() => this.#speak());
  }

  /** From here on the client's messages are heard, and it hears how long it may be silent. */
  begin(): void {
    const { protocol } = this.agreement;
    this.line.expectProgress(this.timeoutSeconds * 1_000);
    if (protocol >= 30) {
      this.line.source.demultiplex();
      this.#keepAlive.adoptTimeout(seconds(this.timeoutSeconds));
      this.#keepAlive.start();
    }
    if (protocol < 31 || this.timeoutSeconds > mostSilenceSeconds) return;
    this.output.message(messageTags.ioTimeout, seconds(this.timeoutSeconds));
  }

  end(): void {
    this.memory.giveBack();
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
    const { protocol } = this.agreement;
    const tag = protocol < 30 && severity === "warning" ? messageTags.info : tags[severity];
    this.output.message(tag, lineOf(text));
    this.log({ ...this.about, kind: "text", severity, text });
  }

  /** One object, for a log of transfers. */
  tellTransfer(operation: "receive" | "send" | "delete", path: BytePath, sizeBytes: number): void {
    if (this.module.logsTransfers !== true) return;
    this.log({ ...this.about, kind: "transfer", operation, path, sizeBytes });
  }

  /** The last words of a session that fails: why, and the exit code. */
  sayFailure(exitCode: number, text: string): void {
    const { protocol } = this.agreement;
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
    const { line, output } = this;
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
