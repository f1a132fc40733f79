import { PlainTokenReader, type TokenReader, type TokenTarget } from "../delta/token-reader.ts";
import { type IncomingFile, Staging } from "../destination/incoming.ts";
import { RsyncError } from "../errors.ts";
import { displayPath } from "../path.ts";
import type { Cursor } from "../wire/cursor.ts";
import { BasisFile } from "./basis-file.ts";
import { drain, type Pace, stepBytes } from "./pace.ts";
import type { Placing } from "./placing.ts";
import type { ReceiveOutcome, ReceivingJob, Requested } from "./receiving.ts";

/** What the sender answers, as values. */
export interface AnswerLink {
  /** Waits for all of a value. */
  read<T>(decode: (from: Cursor) => T): Promise<T>;
  /** Undefined when it is not here yet. */
  tryRead<T>(decode: (from: Cursor) => T): T | undefined;
  /** Bytes that wait to be read. */
  available(): number;
  /** Takes values as they arrive, where they lie, up to the first that is not undefined. */
  stream<T>(decode: (from: Cursor) => T | undefined): Promise<T>;
}

/** So much of what waits is taken at once. */
const longestStep = 4 * stepBytes;

/** What a receiver works with. */
export interface AssemblyParts {
  readonly tokens: TokenReader;
  readonly pace: Pace;
  readonly placing: Placing;
}

type Failed = Extract<ReceiveOutcome, { readonly kind: "failed" }>;

/** A file that has come: in place, or where it waits for its name. */
interface Received {
  readonly kind: "received" | "delayed";
  readonly bytes: number;
  readonly sum: Uint8Array;
}

/** Puts one file after the other together, from what comes and from what is here (spec 2 §7). */
export class Assembly {
  readonly #link: AnswerLink;
  readonly #job: ReceivingJob;
  readonly #tokens: TokenReader;
  readonly #pace: Pace;
  readonly #placing: Placing;
  /** Made for the first file that comes in pieces: small ones do without. */
  #staging: Staging | undefined;
  readonly #scratch: Buffer = Buffer.allocUnsafeSlow(stepBytes);
  #current: { readonly incoming: IncomingFile; readonly requested: Requested } | undefined;
  #isAbandoned = false;

  constructor(link: AnswerLink, job: ReceivingJob, { tokens, pace, placing }: AssemblyParts) {
    this.#link = link;
    this.#job = job;
    this.#tokens = tokens;
    this.#pace = pace;
    this.#placing = placing;
  }

  /** Takes what follows the head of an answer. @throws {RsyncError} ABORTED, once abandoned. */
  async receive(requested: Requested): Promise<Received | Failed | "again"> {
    const { strong } = this.#job;
    this.#expectSession();
    this.#staging ??= new Staging(strong);
    const incoming = this.#placing.open(requested, this.#staging);
    this.#current = { incoming, requested };
    await this.#receiveContent(incoming, requested);
    const sum = await this.#read((from) => Uint8Array.from(from.bytes(strong.length)));
    this.#expectSession();
    const outcome = await this.#conclude(incoming, requested, sum);
    this.#current = undefined;
    return outcome;
  }

  /** The session ends early; `--partial` keeps what has come of the current file. */
  abandon(): void {
    this.#isAbandoned = true;
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined) this.#placing.keepPart(current.incoming, current.requested);
  }

  /** Nothing is received any more, and nothing is left to be kept. */
  release(): void {
    this.#staging?.release();
  }

  /** What had arrived can be read for a while after that: what is half there stays so. */
  #expectSession(): void {
    if (this.#isAbandoned) throw new RsyncError("ABORTED", "Cannot go on: the session has ended");
  }

  #read<T>(decode: (from: Cursor) => T): T | Promise<T> {
    return this.#link.tryRead(decode) ?? this.#link.read(decode);
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
      const isDone = (ended: boolean): boolean => ended || range.from < range.to;
      const tell = this.#stepTeller(incoming);
      const arriving = (from: Cursor): boolean | undefined => {
        const ended = next(from);
        tell();
        return isDone(ended) ? ended : undefined;
      };
      for (let ended = false; !ended; ) {
        if (this.#isStreamed) ended = await this.#link.stream(arriving);
        else ended = this.#link.tryRead(next) ?? (await this.#link.read(next));
        if (range.from < range.to) await this.#copy(basis, range, incoming, staysInPlace);
        tell();
        if (this.#pace.isDue) await this.#pace.take();
      }
    } finally {
      basis.close();
    }
    this.#job.events.content(literalBytes, incoming.length - start - literalBytes);
  }

  /** Says how far the file is, step by step. */
  #stepTeller(incoming: IncomingFile): () => void {
    let told = 0;
    return () => {
      if (incoming.length - told < stepBytes) return;
      told = incoming.length;
      this.#job.events.step(told);
    };
  }

  /**
   * Where much waits others get their turn; what comes meanwhile is queued, and so copied. What is
   * compressed may become a thousand times as long, and they get it after each piece.
   */
  get #isStreamed(): boolean {
    return this.#tokens instanceof PlainTokenReader && this.#link.available() <= longestStep;
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
  ): Promise<Received | Failed | "again"> {
    const { failure } = incoming;
    try {
      if (failure !== undefined) throw failure;
      if (incoming.matches(sum)) {
        const bytes = incoming.length;
        const where = await drain(this.#placing.put(incoming, requested), this.#pace);
        return { kind: where === "delayed" ? where : "received", bytes, sum };
      }
    } catch (error) {
      incoming.discard();
      return failureOf(requested, error as NodeJS.ErrnoException);
    }
    this.#placing.keepWrong(incoming, requested);
    if (!requested.isRedo) return "again";
    return { kind: "failed", reason: "its checksum is wrong, also the second time" };
  }
}

const full: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EIO"]);

/** What became of a file. @throws {RsyncError} FILE_IO where the next file would fail, too. */
export function failureOf({ entry }: Requested, error: NodeJS.ErrnoException): Failed {
  const { message, code = "" } = error;
  if (error instanceof RsyncError) throw error;
  if (!full.has(code)) return { kind: "failed", reason: message };
  throw new RsyncError("FILE_IO", `Cannot write ${displayPath(entry.path)}: ${message}`, {
    cause: error,
    path: entry.path,
  });
}
