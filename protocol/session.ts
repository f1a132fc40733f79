import { type Agreement, isIncremental } from "./agreement.ts";
import { RsyncError } from "./errors.ts";
import { type ModeChange, parseChmod } from "./flist/chmod.ts";
import { misfitOf } from "./flist/conversion.ts";
import { listToSend } from "./flist/delete-rules.ts";
import type { FileEntry } from "./flist/entry.ts";
import { TargetKnowledge } from "./knowledge.ts";
import { type Making, makingOf } from "./making.ts";
import { isInTurn, Messages } from "./messages.ts";
import { Mux, type Output } from "./mux/mux.ts";
import { RawOutput } from "./mux/raw.ts";
import { handshakeLimitMs, type Opening, openTarget } from "./opening.ts";
import { type ListsPushOptions, type PushOptions, PushReport } from "./report.ts";
import type { ListNumbers } from "./roles/list-window.ts";
import { Admission } from "./source/admission.ts";
import type { FileSource } from "./source/source.ts";
import type { ListSource } from "./source/tree-lists.ts";
import type { SessionOptions, Target } from "./target.ts";
import { runListsTransfer, runTransfer, type TransferLink } from "./transfer.ts";
import { whenAborted } from "./transport/abort.ts";
import { Bandwidth } from "./transport/bandwidth.ts";
import type { Connection } from "./transport/connection.ts";
import { KeepAlive } from "./transport/keep-alive.ts";
import { limitSilence } from "./transport/patience.ts";
import { Silence } from "./transport/silence.ts";
import { Sink } from "./transport/sink.ts";
import { Source } from "./transport/source.ts";
import { countsUnderWay, UnderWay } from "./under-way.ts";
import type { Cursor } from "./wire/cursor.ts";

/**
 * One connection to a daemon, from the greeting to the goodbye. Opened, it is parked: ready to
 * carry exactly one file list, now or in an hour.
 */
export class Session {
  readonly #socket: Connection;
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #options: SessionOptions;
  readonly #knowledge: TargetKnowledge;
  readonly #report = new PushReport();
  readonly #changeMode: ModeChange | undefined;
  #established: { readonly agreement: Agreement; readonly output: Output } | undefined;
  readonly #keepAlive = new KeepAlive(() => this.#established?.output.keepAlive());
  readonly #silence: Silence;
  readonly #underWay = new UnderWay();
  readonly #messages: Messages;
  #bandwidth: Bandwidth | undefined;
  #onEnd: (reason: RsyncError) => void = () => {};

  private constructor(socket: Connection, options: SessionOptions, changeMode?: ModeChange) {
    this.#socket = socket;
    this.#options = options;
    this.#changeMode = changeMode;
    this.#knowledge = options.knowledge ?? new TargetKnowledge();
    if ("onComplaint" in socket) {
      socket.onComplaint = (line) => this.#report.text("error", line);
    }
    this.#silence = new Silence(socket);
    this.#sink = new Sink(socket);
    this.#messages = new Messages({
      report: this.#report,
      keepAlive: this.#keepAlive,
      underWay: this.#underWay,
      transfer: options.transfer,
      complainsApart: "onComplaint" in socket,
      output: () => this.#established?.output,
      fail: (reason) => this.#source.fail(reason),
    });
    this.#source = new Source(socket, {
      onMessage: (tag, payload) => this.#messages.receive(tag, payload),
      isInTurn,
      onEnd: (reason) => this.#ended(reason),
    });
  }

  /**
   * Connects, authenticates, agrees on everything, and parks.
   *
   * @throws {RsyncError} why the daemon cannot be reached or does not want us.
   */
  static async open(target: Target, options: SessionOptions): Promise<Session> {
    const { signal, transfer } = options;
    const changeMode = transfer.chmod && parseChmod(transfer.chmod, process.umask());
    const knowledge = options.knowledge ?? new TargetKnowledge();
    const making = makingOf(target, transfer);
    if (making !== undefined) await Session.#make(making, { ...options, knowledge });
    const opening = await openTarget(target, options, knowledge);
    const socket = opening.connection;
    const session = new Session(socket, { ...options, knowledge }, changeMode || undefined);
    const abort = (): void => session.#end("ABORTED", "aborted");
    socket.once("close", whenAborted(signal, abort));
    try {
      session.#deadline(handshakeLimitMs(options));
      await session.#setUp(opening);
      session.#expectAlive();
      session.#park();
    } catch (error) {
      session.close();
      throw error;
    }
    return session;
  }

  static async #make({ target, transfer, entries }: Making, given: SessionOptions): Promise<void> {
    const options = { ...given, transfer, features: {}, onMotd: () => {} };
    const session = await Session.open(target, options);
    await session.push(entries, { open: () => undefined }, { signal: given.signal });
  }

  /** False once the connection has ended. */
  get alive(): boolean {
    return this.#source.failure === undefined;
  }

  /** False while the daemon has acted on nothing, as far as we know. */
  get wasAnswered(): boolean {
    return this.#report.wasAnswered;
  }

  /** What was agreed in the handshake. */
  get agreement(): Agreement {
    return this.#ready().agreement;
  }

  /** How often it says something while it is parked: the daemon's `timeout` wants it. */
  get keepAliveMs(): number {
    return this.#keepAlive.intervalMs;
  }

  /** Called once when the connection ends, with the reason, also while it is parked. */
  set onEnd(listener: (reason: RsyncError) => void) {
    this.#onEnd = listener;
  }

  /**
   * Sends a file list, serves what the daemon asks for, and says goodbye; the session is spent.
   *
   * @returns what arrived and what did not, as the daemon said it.
   * @throws {RsyncError} what ended the session early. What `options` were told until then holds.
   */
  async push(
    entries: readonly FileEntry[],
    source: FileSource,
    options: PushOptions = {},
  ): Promise<PushReport> {
    const { agreement } = this;
    const { acknowledges } = agreement;
    if (isIncremental(agreement)) throw new TypeError("this session takes lists: see pushLists()");
    const admission = this.#admission();
    const sent = admission === undefined ? entries : entries.filter(admission.admits);
    const incomplete = options.incomplete === true || admission?.hasLeftOut === true;
    const list = listToSend(sent, agreement, { incomplete, changeMode: this.#changeMode });
    this.#report.begin(list.all, options, { acknowledges, left: list.left });
    const job = { list, source, report: this.#report, incomplete, protect: options.protect ?? [] };
    return this.#carry((link) => runTransfer(link, this.#options, job), options.signal);
  }

  /**
   * As {@link push}, for what is listed bit by bit while it is sent, so that memory does not grow
   * with the tree: for sessions whose agreement {@link isIncremental}.
   */
  async pushLists(
    all: ListSource,
    source: FileSource,
    options: ListsPushOptions = {},
  ): Promise<PushReport> {
    const { acknowledges } = this.agreement;
    const { keepsPaths = false, protect } = options;
    if (!isIncremental(this.agreement)) throw new TypeError("this session takes one list: push()");
    const report = this.#report;
    const lists = this.#admission()?.lists(all) ?? all;
    const onBegin = (numbers: ListNumbers): void =>
      report.beginLists(numbers, options, { acknowledges, keepsPaths });
    const job = { lists, source, report, protect, changeMode: this.#changeMode, onBegin };
    return this.#carry((link) => runListsTransfer(link, this.#options, job), options.signal);
  }

  /** Under `--iconv`: what cannot be listed is left out, and told. */
  #admission(): Admission | undefined {
    const misfit = misfitOf(this.#options.transfer, this.agreement.compat);
    if (misfit === undefined) return undefined;
    return new Admission(misfit, ({ path }, what) => {
      const found = what === "name" ? path : `of ${path}`;
      this.#report.sawFailure();
      this.#report.text("error", `cannot convert the ${what} ${found}`);
    });
  }

  /** Ends the connection; harmless when it has ended. */
  close(): void {
    this.#end("ABORTED", "the session was closed");
  }

  async #setUp(opening: Opening): Promise<void> {
    const { agreement, offered } = await opening.agree({
      read: <T>(decode: (from: Cursor) => T) => this.#source.read(decode),
      tryRead: <T>(decode: (from: Cursor) => T) => this.#source.tryRead(decode),
      more: () => this.#source.more(),
      write: (bytes: Uint8Array | string) => void this.#socket.write(bytes),
    });
    this.#knowledge.learn(offered);
    const output = agreement.protocol < 30 ? new RawOutput(this.#sink) : new Mux(this.#sink);
    this.#established = { agreement, output };
    this.#source.demultiplex();
  }

  /** Runs the session's one transfer, until both sides have said goodbye. */
  async #carry(
    transfer: (link: TransferLink) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<PushReport> {
    const forget = whenAborted(signal, () => this.#end("ABORTED", "aborted"));
    const { agreement, output } = this.#ready();
    const { bandwidthKiB } = this.#options.transfer;
    if (bandwidthKiB) this.#bandwidth = new Bandwidth(bandwidthKiB);
    this.#deadline(this.#options.timeoutMs ?? 300_000);
    try {
      await transfer({
        output,
        agreement,
        underWay: countsUnderWay(agreement, this.#options.transfer) ? this.#underWay : undefined,
        onListed: () => this.#keepAlive.stop(),
        pace: () => this.#pace(output),
        read: (decode) => this.#read(output, decode),
      });
      this.#report.bytesSent = output.bytesSent;
      this.#report.bytesReceived = this.#socket.bytesRead;
    } catch (error) {
      if (this.#messages.thrown !== undefined) throw this.#messages.thrown.error;
      throw error instanceof RsyncError ? this.#report.explain(error) : error;
    } finally {
      forget();
      this.close();
    }
    // What the daemon said last is told when the connection is closed.
    if (this.#messages.thrown !== undefined) throw this.#messages.thrown.error;
    return this.#report;
  }

  #read<T>(output: Output, decode: (from: Cursor) => T): T | Promise<T> {
    return this.#source.tryRead(decode) ?? this.#waitFor(output, decode);
  }

  async #waitFor<T>(output: Output, decode: (from: Cursor) => T): Promise<T> {
    for (;;) {
      this.#silence.answer(output);
      await this.#source.more();
      const here = this.#source.tryRead(decode);
      if (here !== undefined) return here;
    }
  }

  async #pace(output: Output): Promise<void> {
    output.flush();
    if (this.#sink.congested) await this.#sink.drained();
    else await new Promise(setImmediate);
    await this.#bandwidth?.wait(output.bytesSent, () => !this.alive);
    // Whoever still has something to send cannot be done, whatever else the daemon had said.
    if (this.#source.failure !== undefined) throw this.#source.failure;
  }

  #end(code: "ABORTED" | "TIMED_OUT", found: string): void {
    this.#source.fail(new RsyncError(code, `Cannot go on with the daemon: ${found}`));
  }

  #ended(reason: RsyncError): void {
    this.#keepAlive.stop();
    const explained = this.#report.explain(reason);
    this.#knowledge.sawEnd(explained);
    this.#onEnd(explained);
  }

  /** A refusal may come in one piece with the end of the set-up; nobody listens for it yet. */
  #expectAlive(): void {
    const { failure } = this.#source;
    if (failure !== undefined) throw this.#report.explain(failure);
  }

  #park(): void {
    this.#deadline(0);
    this.#keepAlive.start();
  }

  /** Ends the session after so much silence in both directions; 0: never. */
  #deadline(timeoutMs: number): void {
    limitSilence(this.#socket, timeoutMs, () =>
      this.#end("TIMED_OUT", `silent for ${timeoutMs} ms`),
    );
  }

  #ready(): { readonly agreement: Agreement; readonly output: Output } {
    if (this.#established === undefined) throw new TypeError("the session is not set up yet");
    return this.#established;
  }
}
