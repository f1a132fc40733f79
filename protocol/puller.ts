import { type Agreement, compatFlags, isIncremental } from "./agreement.ts";
import type { StrongChecksum } from "./delta/checksum.ts";
import { openTokenReader } from "./delta/token-reader.ts";
import { type Landing, land, madeText } from "./destination/landing.ts";
import { libC } from "./destination/libc.ts";
import { OwnerMap } from "./destination/owners.ts";
import { missingPlaces, openPlaces, type Places } from "./destination/places.ts";
import { DestinationTree } from "./destination/tree.ts";
import { RsyncError } from "./errors.ts";
import { remoteFailure } from "./failure.ts";
import { writeFilterList } from "./flist/delete-rules.ts";
import type { FileEntry } from "./flist/entry.ts";
import { FilterRules } from "./flist/filter.ts";
import type { NumberedList } from "./flist/list-reader.ts";
import { messageTags } from "./mux/frame.ts";
import { Mux, type Output } from "./mux/mux.ts";
import { RawOutput } from "./mux/raw.ts";
import { handshakeLimitMs, type Opening, openWith } from "./opening.ts";
import { readableText } from "./path.ts";
import { type CheckedJob, openPullIntake, placedSlots } from "./pull-intake.ts";
import {
  compressionOf,
  expectParents,
  type PullJob,
  receivingJob,
  strongOf,
  transferOf,
} from "./pull-job.ts";
import { PullResult, severityOf } from "./pull-report.ts";
import { requestOfPull, sendNames } from "./pull-request.ts";
import { IncomingLists } from "./roles/incoming-lists.ts";
import type { ListIntake } from "./roles/list-intake.ts";
import { Meeting } from "./roles/receiving.ts";
import { receivingOptions, receivingRules } from "./roles/receiving-options.ts";
import { runReception } from "./roles/reception.ts";
import type { Connection } from "./transport/connection.ts";
import { KeepAlive } from "./transport/keep-alive.ts";
import { limitSilence } from "./transport/patience.ts";
import { Sink } from "./transport/sink.ts";
import { Source } from "./transport/source.ts";
import { encoded } from "./wire/writer.ts";

/**
 * Fetches files of a daemon into a local directory.
 *
 * @throws {RsyncError} what ended the session early; files that were in place by then stay.
 */
export async function runPull(job: PullJob): Promise<PullResult> {
  const transfer = receivingOptions(transferOf(job));
  const filter = receivingRules(job.filter ?? new FilterRules(), transfer);
  const owners = new OwnerMap(transfer);
  const checked = { ...job, transfer, filter };
  const opening = await openWith(job.target, requestOfPull(checked), {
    timeoutMs: handshakeLimitMs(job),
    signal: job.signal,
  });
  const puller = new Puller(opening, checked, owners);
  const abort = (): void => puller.fail("ABORTED", "aborted");
  job.signal?.addEventListener("abort", abort);
  try {
    if (job.signal?.aborted) abort();
    return await puller.pull();
  } finally {
    job.signal?.removeEventListener("abort", abort);
    puller.close();
  }
}

const mostClosingBytes = 64 * 1024;
/** A disk is slower than a network: what is ahead of it waits in the daemon, not here. */
const longestQueue = 2 * 1024 * 1024;
const goodbyeMs = 1_000;

/** The receiving side of one session. */
class Puller {
  readonly #opening: Opening;
  readonly #socket: Connection;
  readonly #source: Source;
  readonly #sink: Sink;
  readonly #job: CheckedJob;
  readonly #result: PullResult;
  readonly #meeting = new Meeting();
  readonly #owners: OwnerMap;
  #output: Output | undefined;
  #keepAlive = new KeepAlive(() => this.#output?.keepAlive());
  #lists = new IncomingLists();

  constructor(opening: Opening, job: CheckedJob, owners: OwnerMap) {
    const socket = opening.connection;
    this.#opening = opening;
    this.#socket = socket;
    this.#job = job;
    this.#owners = owners;
    this.#result = new PullResult(job);
    if ("onComplaint" in socket) {
      socket.onComplaint = (line) => this.#hear(messageTags.error, Buffer.from(line, "latin1"));
    }
    this.#sink = new Sink(socket);
    const events = {
      onMessage: (tag: number, payload: Buffer): void => this.#hear(tag, payload),
      onEnd: (reason: RsyncError): void => this.#meeting.fail(this.#explained(reason)),
    };
    this.#source = new Source(socket, events, { longestQueue });
    this.#deadline(handshakeLimitMs(job));
  }

  fail(code: "ABORTED" | "TIMED_OUT", found: string): void {
    this.#source.fail(new RsyncError(code, `Cannot go on with the daemon: ${found}`));
  }

  close(): void {
    this.#keepAlive.stop();
    this.fail("ABORTED", "the session was closed");
  }

  async pull(): Promise<PullResult> {
    try {
      const agreement = await this.#setUp();
      this.#job.onAgreed?.(agreement);
      const isFramed = agreement.protocol >= 30 || agreement.acknowledges;
      const output = isFramed ? new Mux(this.#sink) : new RawOutput(this.#sink);
      this.#output = output;
      this.#source.demultiplex();
      this.#deadline(this.#job.timeoutMs ?? 300_000);
      this.#keepAlive.start();
      writeFilterList(output, this.#job.filter.toSender(agreement.protocol));
      output.flush();
      const besides = sendNames(this.#job, output, this.#sink, agreement);
      libC(); // it is loaded while the daemon looks at what it has
      const strong = await strongOf(agreement);
      const intake = openPullIntake(this.#job, {
        result: this.#result,
        owners: this.#owners,
        agreement,
        strong,
      });
      const first = await intake.readFirst(
        (decode) => this.#source.tryRead(decode) ?? this.#source.read(decode),
      );
      const isNothing = first.slots.length === 0;
      const { errorTexts, exitCode } = this.#result;
      if (isNothing && exitCode === 0 && errorTexts.length > 0) this.#result.sawFailure();
      if (!isNothing) {
        await this.#receive(intake, first, output, agreement, strong);
        await this.#hearOut();
      }
      this.#result.sentBytes = output.bytesSent + besides;
      this.#result.receivedBytes = this.#socket.bytesRead;
      return this.#result;
    } catch (error) {
      throw error instanceof RsyncError ? this.#explained(error) : error;
    }
  }

  async #setUp(): Promise<Agreement> {
    const source = this.#source;
    const { agreement } = await this.#opening.agree({
      read: source.read.bind(source),
      tryRead: source.tryRead.bind(source),
      more: () => source.more(),
      write: (bytes: Uint8Array | string) => void this.#socket.write(bytes),
    });
    return agreement;
  }

  async #receive(
    intake: ListIntake,
    first: NumberedList,
    output: Output,
    agreement: Agreement,
    strong: StrongChecksum,
  ): Promise<void> {
    const { destination, transfer } = this.#job;
    const landing = land(destination, placedSlots(this.#job, first.slots), transfer);
    if (!isIncremental(agreement)) expectParents(landing.slots, transfer);
    this.#lists = intake.lists;
    this.#tellMade(landing);
    const tree = new DestinationTree(landing.root);
    const places = openPlaces(tree, landing.root ?? destination, transfer);
    try {
      this.#lookAt(places);
      intake.begin(first, landing.slots, (slots) => placedSlots(this.#job, slots));
      const job = receivingJob(this.#job, this.#result, {
        intake,
        tree,
        places,
        owners: this.#owners,
        protocol: agreement.protocol,
        completesPartial: (agreement.compat & compatFlags.inplacePartialDir) !== 0,
        strong,
        hasMadeRoot: landing.made === 1 && !transfer.makePath,
        onReceived: (index, outcome) => this.#received(index, outcome),
        onInPlace: (index) => this.#acknowledge(index),
      });
      const tokens = openTokenReader(compressionOf(agreement, job.transfer));
      const link = { socket: this.#socket, source: this.#source, sink: this.#sink, output };
      await runReception(link, job, this.#meeting, tokens);
    } finally {
      places.close();
      tree.close();
    }
  }

  /** @throws {RsyncError} BAD_OPTION before anything is deleted for files that cannot be made. */
  #lookAt(places: Places): void {
    const { transfer } = this.#job;
    const { failure, warnings } = missingPlaces(places, transfer);
    if (failure !== undefined && !transfer.dryRun) throw new RsyncError("BAD_OPTION", failure);
    for (const warning of warnings) this.#result.text("warning", warning);
  }

  #tellMade({ made = 0 }: Landing): void {
    const { destination, tellsMade = false, transfer } = this.#job;
    if (made === 0 || !tellsMade) return;
    const place = destination.replace(/(?<=.)\/+$/, "");
    this.#result.text("info", madeText(made, place, transfer));
  }

  /** The daemon hangs up first: it logs an error otherwise. All is done, whatever it does. */
  async #hearOut(): Promise<void> {
    this.#deadline(goodbyeMs);
    try {
      while (this.#source.available < mostClosingBytes) await this.#source.more();
    } catch (error) {
      if (!(error instanceof RsyncError)) throw error;
    }
  }

  #received(index: number, outcome: Parameters<PullResult["received"]>[1]): void {
    const entry = this.#lists.entry(index) as FileEntry;
    this.#result.received(entry, outcome, this.#lists.place(index));
    if (outcome.kind === "received") this.#acknowledge(index);
  }

  /** Whoever sends may remove what is here, also where nothing had to come for it. */
  #acknowledge(index: number): void {
    if (!this.#job.removesSources) return;
    this.#output?.message(
      messageTags.success,
      encoded((to) => to.int32(index)),
    );
  }

  #hear(tag: number, payload: Buffer): void {
    const severity = severityOf(tag);
    const number = payload.length >= 4 ? payload.readInt32LE(0) : undefined;
    if (tag === messageTags.errorTransfer) this.#result.sawFailure();
    if (severity !== undefined)
      this.#result.text(severity, readableText(payload.toString("latin1")));
    else if (tag === messageTags.ioError) this.#result.sawIoError(number ?? 0);
    else if (tag === messageTags.ioTimeout) this.#keepAlive.adoptTimeout(payload);
    else if (tag === messageTags.noSend && number !== undefined) this.#notSent(number);
    else if (tag === messageTags.errorExit) {
      this.#output?.message(messageTags.errorExit, new Uint8Array(0));
      this.#source.fail(remoteFailure(number, this.#result.errorTexts));
    }
  }

  /** The sender has told why, or counts the file among those that vanished. */
  #notSent(index: number): void {
    if (!this.#meeting.requested.delete(index)) return;
    this.#received(index, { kind: "not sent" });
    this.#meeting.settle(index, false);
  }

  /** What the daemon said before it hung up tells more than that it did. */
  #explained(reason: RsyncError): RsyncError {
    const { errorTexts } = this.#result;
    if (reason.code !== "CONNECTION_LOST" || errorTexts.length === 0) return reason;
    return remoteFailure(undefined, errorTexts, reason);
  }

  /** Ends the session after so much silence in both directions. */
  #deadline(timeoutMs: number): void {
    limitSilence(this.#socket, timeoutMs, () =>
      this.fail("TIMED_OUT", `silent for ${timeoutMs} ms`),
    );
  }
}
