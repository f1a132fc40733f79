import { readSumHead, type SumHead } from "../delta/sums.ts";
import type { TokenReader } from "../delta/token-reader.ts";
import { RsyncError } from "../errors.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import { displayPath } from "../path.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readLongint } from "../wire/int.ts";
import { readVarlong } from "../wire/varint.ts";
import { type AnswerLink, Assembly, failureOf } from "./assembly.ts";
import type { Dialect } from "./dialect.ts";
import { drain, Pace } from "./pace.ts";
import { type Delayed, Placing } from "./placing.ts";
import type { Meeting, ReceiveOutcome, ReceivingJob, Requested } from "./receiving.ts";
import { type Item, itemFlags, type Request } from "./request.ts";
import { SmallFiles, type WholeContent } from "./small-files.ts";
import type { Traffic } from "./traffic.ts";
import { applyValues, bringsValues, readValues } from "./wanted-values.ts";

export interface ReceiverLink extends AnswerLink {
  readonly dialect: Dialect;
  /** Bytes of the stream that have been read so far. */
  position(): number;
  /** Lets other work run. */
  pace(): Promise<void>;
}

/** An answer counts for so much in a step, whatever is in it. */
const bytesPerItem = 64;

/** Takes what the sender answers, and puts files together (spec 2 §7). */
export class Receiver {
  readonly #link: ReceiverLink;
  readonly #job: ReceivingJob;
  readonly #meeting: Meeting;
  readonly #pace: Pace;
  readonly #placing: Placing;
  readonly #assembly: Assembly;
  readonly #small: SmallFiles | undefined;
  readonly #delayed: Delayed[] = [];
  /** Where in the stream the content of the current file begins. */
  #began = 0;

  constructor(link: ReceiverLink, job: ReceivingJob, meeting: Meeting, tokens: TokenReader) {
    this.#link = link;
    this.#job = job;
    this.#meeting = meeting;
    this.#pace = new Pace(() => link.pace());
    this.#placing = new Placing(job);
    this.#small = SmallFiles.of(job, tokens);
    const parts = { tokens, pace: this.#pace, placing: this.#placing };
    this.#assembly = new Assembly(link, job, parts);
  }

  /** Everything from the first answer to the goodbye. */
  async run(): Promise<void> {
    const { dialect } = this.#link;
    const request = (from: Cursor): Request => dialect.readRequest(from);
    for (let phase = 0; phase <= dialect.lastPhase; ) {
      const answer = this.#link.tryRead(request) ?? (await this.#link.read(request));
      this.#pace.spend(bytesPerItem); // a sender that only talks must let others work, too
      if (this.#pace.isDue) await this.#pace.take();
      if (answer.kind === "item") {
        const taking = this.#take(answer);
        if (taking !== undefined) await taking;
      } else if (answer.kind === "done") {
        if (!this.#job.lists.endList()) continue;
        phase += 1;
        if (phase === 2) await this.#releaseDelayed();
        this.#meeting.advance();
      } else if (answer.kind !== "delete stats") {
        await this.#takeList(answer);
      }
    }
    if (this.#job.hearsStats !== false) await this.#passStats();
    if (dialect.repeatsGoodbye) {
      const answer = await this.#read((from) => dialect.readRequest(from));
      if (answer.kind !== "done") throw badAnswer("something instead of a goodbye");
      this.#meeting.advance();
    }
  }

  /** The session ends, perhaps early; `--partial` keeps what has come of the current file. */
  abandon(): void {
    this.#assembly.abandon();
  }

  /** It has run, and was abandoned. */
  release(): void {
    this.#assembly.release();
  }

  #read<T>(decode: (from: Cursor) => T): T | Promise<T> {
    return this.#link.tryRead(decode) ?? this.#link.read(decode);
  }

  /** More of what is listed, where lists come in pieces. */
  async #takeList(
    answer: Extract<Request, { readonly kind: "list" | "lists end" }>,
  ): Promise<void> {
    const { intake } = this.#job;
    if (intake === undefined) throw badAnswer("a file list, though all were here");
    if (answer.kind === "lists end") intake.end();
    else await intake.take(answer.directory, (decode) => this.#read(decode));
    this.#meeting.tell();
  }

  /** Undefined when that was all, as it mostly is where files are small. */
  #take(item: Item): Promise<void> | undefined {
    const entry = this.#job.lists.entry(item.index);
    if (entry === undefined) throw badAnswer(`index ${item.index}, which is not listed`);
    const brings = bringsValues(item, this.#job);
    return brings ? this.#takeValues(item, entry) : this.#takeItem(item, entry);
  }

  async #takeValues(item: Item, entry: FileEntry): Promise<void> {
    await readValues(entry, (decode) => this.#read(decode));
    const isTransfer = (item.flags & itemFlags.transfer) !== 0;
    if (!isTransfer) applyValues(this.#job, entry);
    await this.#takeItem(item, entry);
  }

  #takeItem(item: Item, entry: FileEntry): Promise<void> | undefined {
    const { events, transfer } = this.#job;
    events.item(item.index, item);
    if ((item.flags & itemFlags.transfer) === 0) return undefined;
    const requested = this.#meeting.requested.get(item.index);
    if (requested === undefined || !isRegularFile(entry)) {
      throw badAnswer(`the content of ${displayPath(entry.path)}, which nobody asked for`);
    }
    this.#meeting.requested.delete(item.index);
    if (transfer.dryRun) {
      this.#meeting.settle(item.index, true);
      return undefined;
    }
    events.opened(item);
    this.#began = this.#link.position();
    return this.#receive(item.index, requested);
  }

  /** Undefined when that was all. */
  #receive(index: number, requested: Requested): Promise<void> | undefined {
    const small = this.#small?.takes(requested) ? this.#small : undefined;
    const read = (from: Cursor): WholeContent | "in pieces" => {
      this.#readEcho(from, requested);
      return small?.read(from) ?? "in pieces";
    };
    const whole = this.#link.tryRead(read);
    if (whole !== undefined) return this.#put(index, requested, whole);
    return this.#link.read(read).then((later) => this.#put(index, requested, later));
  }

  #readEcho(from: Cursor, { entry, head }: Requested): void {
    const { strong, protocol } = this.#job;
    const echo = readSumHead(from, strong.length, protocol);
    if (!isEcho(echo, head))
      throw badAnswer(`other blocks than ours of ${displayPath(entry.path)}`);
  }

  #put(
    index: number,
    requested: Requested,
    whole: WholeContent | "in pieces",
  ): Promise<void> | undefined {
    if (whole === "in pieces") return this.#receivePieces(index, requested);
    const { content, sum } = whole;
    this.#pace.spend(content.length);
    this.#job.events.content(content.length, 0);
    const own = this.#job.strong.wholeFile(content);
    if (Buffer.compare(own, sum) !== 0) {
      this.#meeting.again(index);
      return undefined;
    }
    this.#settle(index, this.#write(requested, content, this.#trafficOf(own)));
    return undefined;
  }

  /** @throws {RsyncError} FILE_IO */
  #write(requested: Requested, content: Uint8Array, traffic: Traffic): ReceiveOutcome {
    try {
      this.#small?.put(requested, content);
      return { kind: "received", bytes: content.length, traffic };
    } catch (error) {
      return failureOf(requested, error as NodeJS.ErrnoException);
    }
  }

  /** Of the file that has come last. */
  #trafficOf(sum: Uint8Array): Traffic {
    return { sum, sent: 0, received: this.#link.position() - this.#began };
  }

  #settle(index: number, outcome: ReceiveOutcome): void {
    const { events, lists } = this.#job;
    events.received(index, outcome);
    this.#meeting.settle(index, outcome.kind === "received");
    if (outcome.kind === "failed") {
      events.failed((lists.entry(index) as FileEntry).path, outcome.reason);
    }
  }

  /** All files are here: those that wait take their names, in rapid succession. */
  async #releaseDelayed(): Promise<void> {
    for (const delayed of this.#delayed.splice(0)) {
      const { index, requested, bytes, traffic } = delayed;
      try {
        await drain(this.#placing.release(requested), this.#pace);
        this.#settle(index, { kind: "received", bytes, traffic });
      } catch (error) {
        this.#settle(index, failureOf(requested, error as NodeJS.ErrnoException));
      }
    }
  }

  async #receivePieces(index: number, requested: Requested): Promise<void> {
    const outcome = await this.#assembly.receive(requested);
    if (outcome === "again") {
      this.#meeting.again(index);
    } else if (outcome.kind === "failed") {
      this.#settle(index, outcome);
    } else {
      const { kind, bytes, sum } = outcome;
      const traffic = this.#trafficOf(sum);
      if (kind === "delayed") this.#delayed.push({ index, requested, bytes, traffic });
      else this.#settle(index, { kind, bytes, traffic });
    }
  }

  /** What the sender says of itself: bytes read, written and listed, and how long it took. */
  async #passStats(): Promise<void> {
    const { protocol } = this.#job;
    for (let numbers = protocol < 29 ? 3 : 5; numbers > 0; numbers -= 1) {
      await this.#read((from) => (protocol < 30 ? readLongint(from) : readVarlong(from, 3)));
    }
  }
}

function isEcho(echo: SumHead, head: SumHead): boolean {
  if (head.count === 0) return echo.count === 0;
  const { count, blockLength, remainder } = head;
  return echo.count === count && echo.blockLength === blockLength && echo.remainder === remainder;
}

function badAnswer(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot take what the other side sends: ${found}`);
}
