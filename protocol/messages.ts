import { severities } from "./daemon-texts.ts";
import { RsyncError } from "./errors.ts";
import { remoteFailure } from "./failure.ts";
import { nameFromWire } from "./flist/conversion.ts";
import { messageTags } from "./mux/frame.ts";
import type { Output } from "./mux/mux.ts";
import type { TransferOptions } from "./options.ts";
import type { PushReport } from "./report.ts";
import type { KeepAlive } from "./transport/keep-alive.ts";
import type { UnderWay } from "./under-way.ts";

/** What a program says of its end may come so much later than its end. */
const lateMs = 1_000;

/** Whom the messages of a session concern. */
export interface MessageListeners {
  readonly report: PushReport;
  readonly keepAlive: KeepAlive;
  readonly underWay: UnderWay;
  readonly transfer: TransferOptions;
  /** Complaints have a stream of their own. */
  readonly complainsApart: boolean;
  /** Undefined before the session is set up. */
  readonly output: () => Output | undefined;
  /** Ends the session. */
  readonly fail: (reason: RsyncError) => void;
}

/** True for what is told in turn with the data: what is printed of both. */
export function isInTurn(tag: number): boolean {
  return tag === messageTags.deleted || tag === messageTags.info;
}

/** Takes what a daemon says beside the data of a push. */
export class Messages {
  readonly #to: MessageListeners;
  #thrown: { readonly error: unknown } | undefined;

  constructor(listeners: MessageListeners) {
    this.#to = listeners;
  }

  /** What a callback of the program has thrown, which ends the push with that very error. */
  get thrown(): { readonly error: unknown } | undefined {
    return this.#thrown;
  }

  /** @throws {RsyncError} BAD_STREAM for a message that makes no sense. */
  receive(tag: number, payload: Buffer): void {
    try {
      this.#take(tag, payload);
    } catch (cause) {
      if (cause instanceof RsyncError) throw cause;
      this.#thrown ??= { error: cause };
      const message = "Cannot go on with the daemon: a callback has thrown an error";
      this.#to.fail(new RsyncError("ABORTED", message, { cause }));
    }
  }

  #take(tag: number, payload: Buffer): void {
    const { report, keepAlive, underWay, transfer, output } = this.#to;
    const severity = severities[tag];
    if (tag === messageTags.errorTransfer) report.sawFailure();
    if (severity !== undefined) report.text(severity, payload.toString("latin1"));
    else if (tag === messageTags.success) report.acknowledge(payload);
    else if (tag === messageTags.deleted)
      report.deleted(nameFromWire(payload.toString("latin1"), transfer));
    else if (tag === messageTags.errorExit) this.#exit(payload);
    else if (tag === messageTags.ioTimeout) keepAlive.adoptTimeout(payload);
    underWay.heard(tag, payload, output());
  }

  /** The daemon is about to exit and wants an empty message of the same kind (spec 1 §4.5). */
  #exit(payload: Buffer): void {
    const { report, complainsApart, output } = this.#to;
    const exitCode = payload.length >= 4 ? payload.readInt32LE(0) : undefined;
    output()?.message(messageTags.errorExit, new Uint8Array(0));
    const fail = (): void => this.#to.fail(remoteFailure(exitCode, report.errorTexts));
    // Where complaints have a stream of their own, its reason comes with the end of the program.
    if (complainsApart && report.errorTexts.length === 0) setTimeout(fail, lateMs);
    else fail();
  }
}
