import fs from "node:fs";
import { basisLength, readSumHead, type SumHead } from "../delta/sums.ts";
import type { TokenReader, TokenTarget } from "../delta/token-reader.ts";
import { IncomingFile, Staging } from "../destination/incoming.ts";
import { RsyncError } from "../errors.ts";
import { isRegularFile } from "../flist/entry.ts";
import { displayPath } from "../path.ts";
import type { Cursor } from "../wire/cursor.ts";
import { readLongint } from "../wire/int.ts";
import { readVarlong } from "../wire/varint.ts";
import type { Dialect } from "./dialect.ts";
import { Pace, stepBytes } from "./pace.ts";
import type { Meeting, ReceiveOutcome, ReceivingJob, Requested } from "./receiving.ts";
import { type Item, itemFlags } from "./request.ts";

export interface ReceiverLink {
  read<T>(decode: (from: Cursor) => T): Promise<T>;
  tryRead<T>(decode: (from: Cursor) => T): T | undefined;
  readonly dialect: Dialect;
  /** Lets other work run. */
  pace(): Promise<void>;
}

/** Takes what the sender answers, and puts files together (spec 2 §7). */
export class Receiver {
  readonly #link: ReceiverLink;
  readonly #job: ReceivingJob;
  readonly #meeting: Meeting;
  readonly #tokens: TokenReader;
  readonly #staging = new Staging();
  readonly #scratch: Buffer = Buffer.allocUnsafeSlow(stepBytes);
  readonly #pace: Pace;
  #incoming: IncomingFile | undefined;

  constructor(link: ReceiverLink, job: ReceivingJob, meeting: Meeting, tokens: TokenReader) {
    this.#link = link;
    this.#job = job;
    this.#meeting = meeting;
    this.#tokens = tokens;
    this.#pace = new Pace(() => link.pace());
  }

  /** Everything from the first answer to the goodbye. */
  async run(): Promise<void> {
    const { dialect } = this.#link;
    for (let phase = 0; phase <= dialect.lastPhase; ) {
      const answer = await this.#read((from) => dialect.readRequest(from));
      if (answer.kind === "item") {
        await this.#take(answer);
      } else if (answer.kind === "done") {
        phase += 1;
        this.#meeting.advance();
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
    const incoming = this.#incoming;
    this.#incoming = undefined;
    incoming?.discard({ keeps: this.#job.transfer.partial === true });
  }

  #read<T>(decode: (from: Cursor) => T): T | Promise<T> {
    return this.#link.tryRead(decode) ?? this.#link.read(decode);
  }

  async #take(item: Item): Promise<void> {
    const { events, slots, transfer } = this.#job;
    const entry = slots[item.index];
    if (entry === undefined) throw badAnswer(`index ${item.index}, which is not listed`);
    events.item(item.index, item);
    if ((item.flags & itemFlags.transfer) === 0) return;
    const requested = this.#meeting.requested.get(item.index);
    if (requested === undefined || !isRegularFile(entry)) {
      throw badAnswer(`the content of ${displayPath(entry.path)}, which nobody asked for`);
    }
    this.#meeting.requested.delete(item.index);
    if (transfer.dryRun) {
      this.#meeting.settled.push({ index: item.index, inPlace: true });
      return;
    }
    events.opened(item);
    const outcome = await this.#receive(requested);
    if (outcome === "again") {
      this.#meeting.redo.push(item.index);
      return;
    }
    events.received(item.index, outcome);
    this.#meeting.settled.push({ index: item.index, inPlace: outcome.kind === "received" });
    if (outcome.kind === "failed") events.failed(entry.path, outcome.reason);
  }

  async #receive(requested: Requested): Promise<ReceiveOutcome | "again"> {
    const { tree, transfer, strong, protocol } = this.#job;
    const { entry, head } = requested;
    const echo = await this.#read((from) => readSumHead(from, strong.length, protocol));
    if (!isEcho(echo, head))
      throw badAnswer(`other blocks than ours of ${displayPath(entry.path)}`);
    const { inplace, sparse, fsync } = transfer;
    const incoming = new IncomingFile(tree, entry.path, strong, this.#staging, {
      inplace,
      sparse,
      fsync,
    });
    this.#incoming = incoming;
    await this.#receiveContent(incoming, requested);
    const sum = await this.#read((from) => from.bytes(strong.length));
    const outcome = this.#conclude(incoming, requested, sum);
    this.#incoming = undefined;
    return outcome;
  }

  async #receiveContent(incoming: IncomingFile, { entry, head }: Requested): Promise<void> {
    const basis = new Basis(head, () => this.#job.tree.open(entry.path));
    let literalBytes = 0;
    const range = { from: 0, to: 0 };
    const target: TokenTarget = {
      literal: (bytes) => {
        literalBytes += bytes.length;
        incoming.append(bytes);
      },
      blocks: (first, count) => Object.assign(range, basis.range(first, count)),
    };
    try {
      const next = (from: Cursor): boolean => this.#tokens.read(from, target);
      for (let told = 0, ended = false; !ended; ) {
        const now = this.#link.tryRead(next);
        ended = now ?? (await this.#link.read(next));
        if (range.from < range.to) await this.#copy(basis, range, incoming);
        if (incoming.length - told >= stepBytes) {
          this.#job.events.step(incoming.length);
          told = incoming.length;
        }
      }
    } finally {
      basis.close();
    }
    this.#job.events.content(literalBytes, incoming.length - literalBytes);
  }

  /** Copies a range of the basis, in steps. */
  async #copy(
    basis: Basis,
    range: { from: number; readonly to: number },
    incoming: IncomingFile,
  ): Promise<void> {
    while (range.from < range.to) {
      const bytes = basis.read(this.#scratch, range.from, range.to, (error) => {
        incoming.failure ??= error;
      });
      incoming.append(bytes);
      this.#tokens.matched(bytes);
      range.from += bytes.length;
      this.#pace.spend(bytes.length);
      if (this.#pace.isDue) await this.#pace.take();
    }
  }

  #conclude(
    incoming: IncomingFile,
    { entry, found, isRedo }: Requested,
    sum: Uint8Array,
  ): ReceiveOutcome | "again" {
    const { failure } = incoming;
    try {
      if (failure !== undefined) throw failure;
      if (incoming.matches(sum)) {
        const replaced = found !== undefined && isRegularFile(found) ? found : undefined;
        incoming.commit((open) => this.#job.attributes.applyOpen(open, entry, replaced));
        return { kind: "received", bytes: incoming.length };
      }
    } catch (error) {
      incoming.discard();
      const { message, code = "" } = error as NodeJS.ErrnoException;
      if (!full.has(code)) return { kind: "failed", reason: message };
      throw new RsyncError("FILE_IO", `Cannot write ${displayPath(entry.path)}: ${message}`, {
        cause: error,
        path: entry.path,
      });
    }
    incoming.discard({ keeps: this.#job.transfer.inplace === true });
    if (!isRedo) return "again";
    return { kind: "failed", reason: "its checksum is wrong, also the second time" };
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

/** What is here of a file already, opened when the first block of it is wanted. */
class Basis {
  readonly #head: SumHead;
  readonly #open: () => number;
  #descriptor: number | undefined;

  constructor(head: SumHead, open: () => number) {
    this.#head = head;
    this.#open = open;
  }

  /** Where blocks lie. @throws {RsyncError} BAD_STREAM for blocks that there are not. */
  range(first: number, count: number): { readonly from: number; readonly to: number } {
    const { blockLength } = this.#head;
    if (first < 0 || first + count > this.#head.count) {
      throw badAnswer(`block ${first + count - 1}, but there are ${this.#head.count}`);
    }
    const to = Math.min((first + count) * blockLength, basisLength(this.#head));
    return { from: first * blockLength, to };
  }

  /** As much of a range as fits. What cannot be read is zero: the sum will be wrong. */
  read(
    into: Buffer,
    from: number,
    to: number,
    onError: (error: NodeJS.ErrnoException) => void,
  ): Uint8Array {
    const bytes = into.subarray(0, Math.min(into.length, to - from));
    let read = 0;
    try {
      this.#descriptor ??= this.#open();
      read = fs.readSync(this.#descriptor, bytes, 0, bytes.length, from);
    } catch (error) {
      onError(error as NodeJS.ErrnoException);
    }
    if (read < bytes.length) bytes.fill(0, read);
    return bytes;
  }

  close(): void {
    if (this.#descriptor !== undefined) fs.closeSync(this.#descriptor);
  }
}

function isEcho(echo: SumHead, head: SumHead): boolean {
  if (head.count === 0) return echo.count === 0;
  const { count, blockLength, remainder } = head;
  return echo.count === count && echo.blockLength === blockLength && echo.remainder === remainder;
}

function badAnswer(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot take what the daemon sends: ${found}`);
}
