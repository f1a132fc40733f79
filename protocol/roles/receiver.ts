import { readSumHead, type SumHead } from "../delta/sums.ts";
import type { TokenReader, TokenTarget } from "../delta/token-reader.ts";
import { type IncomingFile, Staging } from "../destination/incoming.ts";
import { RsyncError } from "../errors.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import { displayPath } from "../path.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readLongint } from "../wire/int.ts";
import { readVarlong } from "../wire/varint.ts";
import { BasisFile } from "./basis-file.ts";
import type { Dialect } from "./dialect.ts";
import { drain, Pace, stepBytes } from "./pace.ts";
import { type Delayed, Placing } from "./placing.ts";
import type { Meeting, ReceiveOutcome, ReceivingJob, Requested } from "./receiving.ts";
import { type Item, itemFlags, type Request } from "./request.ts";

export interface ReceiverLink {
  read<T>(decode: (from: Cursor) => T): Promise<T>;
  tryRead<T>(decode: (from: Cursor) => T): T | undefined;
  readonly dialect: Dialect;
  /** Lets other work run. */
  pace(): Promise<void>;
}

type Received = ReceiveOutcome | ({ readonly kind: "delayed" } & Omit<Delayed, "index">);

/** An answer counts for so much in a step, whatever is in it. */
const bytesPerItem = 64;

/** Takes what the sender answers, and puts files together (spec 2 §7). */
export class Receiver {
  readonly #link: ReceiverLink;
  readonly #job: ReceivingJob;
  readonly #meeting: Meeting;
  readonly #tokens: TokenReader;
  readonly #staging = new Staging();
  readonly #scratch: Buffer = Buffer.allocUnsafeSlow(stepBytes);
  readonly #pace: Pace;
  readonly #placing: Placing;
  readonly #delayed: Delayed[] = [];
  #current: { readonly incoming: IncomingFile; readonly requested: Requested } | undefined;

  constructor(link: ReceiverLink, job: ReceivingJob, meeting: Meeting, tokens: TokenReader) {
    this.#link = link;
    this.#job = job;
    this.#meeting = meeting;
    this.#tokens = tokens;
    this.#pace = new Pace(() => link.pace());
    this.#placing = new Placing(job);
  }

  /** Everything from the first answer to the goodbye. */
  async run(): Promise<void> {
    const { dialect } = this.#link;
    for (let phase = 0; phase <= dialect.lastPhase; ) {
      const answer = await this.#read((from) => dialect.readRequest(from));
      this.#pace.spend(bytesPerItem); // a sender that only talks must let others work, too
      if (this.#pace.isDue) await this.#pace.take();
      if (answer.kind === "item") {
        await this.#take(answer);
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

  /** The session ends early; `--partial` keeps what has come of the current file. */
  abandon(): void {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#placing.keepPart(current.incoming, current.requested);
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

  async #take(item: Item): Promise<void> {
    const { events, lists, transfer } = this.#job;
    const entry = lists.entry(item.index);
    if (entry === undefined) throw badAnswer(`index ${item.index}, which is not listed`);
    events.item(item.index, item);
    if ((item.flags & itemFlags.transfer) === 0) return;
    const requested = this.#meeting.requested.get(item.index);
    if (requested === undefined || !isRegularFile(entry)) {
      throw badAnswer(`the content of ${displayPath(entry.path)}, which nobody asked for`);
    }
    this.#meeting.requested.delete(item.index);
    if (transfer.dryRun) {
      this.#meeting.settle(item.index, true);
      return;
    }
    events.opened(item);
    const outcome = await this.#receive(requested);
    if (outcome === "again") this.#meeting.again(item.index);
    else if (outcome.kind === "delayed") this.#delayed.push({ index: item.index, ...outcome });
    else this.#settle(item.index, outcome);
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
      const { index, requested, bytes } = delayed;
      try {
        await drain(this.#placing.release(requested), this.#pace);
        this.#settle(index, { kind: "received", bytes });
      } catch (error) {
        this.#settle(index, this.#failure(requested, error as NodeJS.ErrnoException));
      }
    }
  }

  async #receive(requested: Requested): Promise<Received | "again"> {
    const { strong, protocol } = this.#job;
    const { entry, head } = requested;
    const echo = await this.#read((from) => readSumHead(from, strong.length, protocol));
    if (!isEcho(echo, head))
      throw badAnswer(`other blocks than ours of ${displayPath(entry.path)}`);
    const incoming = this.#placing.open(requested, this.#staging);
    this.#current = { incoming, requested };
    await this.#receiveContent(incoming, requested);
    const sum = await this.#read((from) => from.bytes(strong.length));
    const outcome = await this.#conclude(incoming, requested, sum);
    this.#current = undefined;
    return outcome;
  }

  async #receiveContent(incoming: IncomingFile, requested: Requested): Promise<void> {
    const { head } = requested;
    const { tree, path } = requested.basis?.location ?? {
      tree: this.#job.tree,
      path: requested.entry.path,
    };
    const basis = new BasisFile(head, () => tree.open(path));
    const start = incoming.length;
    const staysInPlace = this.#placing.writesIntoBasis(requested);
    let literalBytes = 0;
    const range = { from: 0, to: 0 };
    const target: TokenTarget = {
      literal: (bytes) => {
        literalBytes += bytes.length;
        this.#pace.spend(bytes.length);
        incoming.append(bytes);
      },
      blocks: (first, count) => Object.assign(range, basis.range(first, count)),
    };
    try {
      if (start > 0 && this.#verifiesStart) await this.#sumStart(basis, start, incoming);
      const next = (from: Cursor): boolean => this.#tokens.read(from, target);
      for (let told = 0, ended = false; !ended; ) {
        const now = this.#link.tryRead(next);
        ended = now ?? (await this.#link.read(next));
        if (range.from < range.to) await this.#copy(basis, range, incoming, staysInPlace);
        if (incoming.length - told >= stepBytes) {
          this.#job.events.step(incoming.length);
          told = incoming.length;
        }
        if (this.#pace.isDue) await this.#pace.take();
      }
    } finally {
      basis.close();
    }
    this.#job.events.content(literalBytes, incoming.length - start - literalBytes);
  }

  /** Before protocol 30 there is no `--append` that does not. */
  get #verifiesStart(): boolean {
    return this.#job.transfer.append === "verify" || this.#job.protocol < 30;
  }

  /** What is there already belongs to the sum of the whole file. */
  async #sumStart(basis: BasisFile, length: number, incoming: IncomingFile): Promise<void> {
    for (let at = 0; at < length; ) {
      const bytes = basis.read(this.#scratch, at, length, (error) => {
        incoming.failure ??= error;
      });
      incoming.sum(bytes);
      at += bytes.length;
      this.#pace.spend(bytes.length);
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  /** Copies a range of the basis, in steps; what is in its place is not written again. */
  async #copy(
    basis: BasisFile,
    range: { from: number; readonly to: number },
    incoming: IncomingFile,
    staysInPlace: boolean,
  ): Promise<void> {
    while (range.from < range.to) {
      const bytes = basis.read(this.#scratch, range.from, range.to, (error) => {
        incoming.failure ??= error;
      });
      if (staysInPlace && range.from === incoming.length) incoming.keep(bytes);
      else incoming.append(bytes);
      this.#tokens.matched(bytes);
      range.from += bytes.length;
      this.#pace.spend(bytes.length);
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  async #conclude(
    incoming: IncomingFile,
    requested: Requested,
    sum: Uint8Array,
  ): Promise<Received | "again"> {
    const { failure } = incoming;
    try {
      if (failure !== undefined) throw failure;
      if (incoming.matches(sum)) {
        const bytes = incoming.length;
        const where = await drain(this.#placing.put(incoming, requested), this.#pace);
        if (where === "delayed") return { kind: "delayed", requested, bytes };
        return { kind: "received", bytes };
      }
    } catch (error) {
      incoming.discard();
      return this.#failure(requested, error as NodeJS.ErrnoException);
    }
    this.#placing.keepWrong(incoming, requested);
    if (!requested.isRedo) return "again";
    return { kind: "failed", reason: "its checksum is wrong, also the second time" };
  }

  /** @throws {RsyncError} FILE_IO where the next file would fail, too. */
  #failure({ entry }: Requested, error: NodeJS.ErrnoException): ReceiveOutcome {
    const { message, code = "" } = error;
    if (!full.has(code)) return { kind: "failed", reason: message };
    throw new RsyncError("FILE_IO", `Cannot write ${displayPath(entry.path)}: ${message}`, {
      cause: error,
      path: entry.path,
    });
  }

  /** What the sender says of itself: bytes read, written and listed, and how long it took. */
  async #passStats(): Promise<void> {
    const { protocol } = this.#job;
    for (let numbers = protocol < 29 ? 3 : 5; numbers > 0; numbers -= 1) {
      await this.#read((from) => (protocol < 30 ? readLongint(from) : readVarlong(from, 3)));
    }
  }
}

const full: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO"]);

function isEcho(echo: SumHead, head: SumHead): boolean {
  if (head.count === 0) return echo.count === 0;
  const { count, blockLength, remainder } = head;
  return echo.count === count && echo.blockLength === blockLength && echo.remainder === remainder;
}

function badAnswer(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot take what the daemon sends: ${found}`);
}
