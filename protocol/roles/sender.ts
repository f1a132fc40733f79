import { BlockMatcher } from "../delta/match.ts";
import type { StrongChecksum } from "../delta/strong.ts";
import { BlockSums, encodeSumHead, readSumHead } from "../delta/sums.ts";
import type { TokenWriter } from "../delta/tokens.ts";
import { RsyncError } from "../errors.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import { messageTags } from "../mux/frame.ts";
import type { Mux } from "../mux/mux.ts";
import { displayPath } from "../path.ts";
import type { FileSource, OpenFile } from "../source/source.ts";
import type { Cursor } from "../wire/cursor.ts";
import { FileIndexReader, FileIndexWriter, indexDone } from "../wire/file-index.ts";
import { encoded } from "../wire/writer.ts";
import { type Item, itemFlags, readRequest, writeItem } from "./request.ts";

/** The sender's side of a session. */
export interface SenderLink {
  /** The next value; what was written is sent before it waits. */
  read<T>(decode: (from: Cursor) => T): Promise<T>;
  readonly output: Mux;
  /** Lets other work run, and waits while the peer is slower than we are. */
  pace(): Promise<void>;
}

/** What became of a file that the daemon asked for. Whether it arrived is the daemon's to say. */
export type SendOutcome =
  | { readonly kind: "sent"; readonly bytes: number }
  /** Sent, but it was changing meanwhile: it must be sent again. */
  | { readonly kind: "changed"; readonly bytes: number }
  /** Not there any more, or another object under the same name. */
  | { readonly kind: "vanished" }
  /** There, but it cannot be read. */
  | { readonly kind: "unreadable"; readonly cause: NodeJS.ErrnoException };

export interface SenderOptions {
  /** The list that was sent, in wire order. */
  readonly entries: readonly FileEntry[];
  readonly source: FileSource;
  readonly strong: StrongChecksum;
  readonly tokens: TokenWriter;
  readonly protocol: number;
  /** `-n`: items are answered, content is not. Default false. */
  readonly dryRun?: boolean;
  /** `--inplace`: blocks that have been overwritten are not referred to. Default false. */
  readonly inplace?: boolean;
  readonly onItem?: (item: Item) => void;
  readonly onSent?: (index: number, outcome: SendOutcome) => void;
}

/** Phases after the first: files whose checksum failed, and delayed updates (spec 2 §1.4). */
const lastPhase = 2;
/** Files are read in steps of this size; between two steps other sessions get their turn. */
const stepBytes = 256 * 1024;
/** What opening and closing a file counts for in a step, so that many tiny files make one too. */
const bytesPerFile = 4 * 1024;
/** The same for an item that asks for nothing; a peer that only talks must read our answers too. */
const bytesPerItem = 64;
/** Reading is synchronous and a step is used up before the next begins, so all sessions share it. */
const step = Buffer.allocUnsafeSlow(stepBytes);

/**
 * Answers what the generator asks, until both sides have said goodbye (spec 2 §1.4).
 *
 * @throws {RsyncError} BAD_STREAM when it asks for what no generator asks for; what ended the link.
 */
export async function runSender(link: SenderLink, options: SenderOptions): Promise<void> {
  const sender = new Sender(link, options);
  for (let phase = 0; phase <= lastPhase; phase += 1) {
    await sender.answerPhase(phase);
    sender.writeDone();
  }
  await sender.expectDone();
  if (options.protocol < 31) return;
  sender.writeDone();
  await sender.expectDone();
}

class Sender {
  readonly #link: SenderLink;
  readonly #options: SenderOptions;
  readonly #requests = new FileIndexReader();
  readonly #answers = new FileIndexWriter();
  /** How often each entry's content was asked for: once, and once more when its checksum failed. */
  readonly #timesAsked: Uint8Array;
  #bytesSincePace = 0;

  constructor(link: SenderLink, options: SenderOptions) {
    this.#link = link;
    this.#options = options;
    this.#timesAsked = new Uint8Array(options.entries.length);
  }

  /** Answers items until the generator says that the phase is over. */
  async answerPhase(phase: number): Promise<void> {
    for (let item = await this.#nextItem(); item !== undefined; item = await this.#nextItem()) {
      this.#options.onItem?.(item);
      this.#bytesSincePace += bytesPerItem + (item.name?.length ?? 0);
      if ((item.flags & itemFlags.transfer) === 0)
        writeItem(this.#link.output, item, this.#answers);
      else await this.#answerTransfer(item, phase);
      if (this.#bytesSincePace >= stepBytes) await this.#pace();
    }
  }

  writeDone(): void {
    this.#answers.write(this.#link.output, indexDone);
  }

  async expectDone(): Promise<void> {
    const item = await this.#nextItem();
    if (item === undefined) return;
    throw badRequest(`index ${item.index} after the last phase`);
  }

  async #nextItem(): Promise<Item | undefined> {
    for (;;) {
      const request = await this.#link.read((from) => readRequest(from, this.#requests));
      if (request.kind === "done") return undefined;
      if (request.kind === "item") return this.#expectListed(request);
    }
  }

  #expectListed(item: Item): Item {
    if (item.index >= 0 && item.index < this.#options.entries.length) return item;
    throw badRequest(
      `index ${item.index}, but ${this.#options.entries.length} entries were listed`,
    );
  }

  async #answerTransfer(item: Item, phase: number): Promise<void> {
    const entry = this.#entryToSend(item.index, phase);
    if (this.#options.dryRun) {
      writeItem(this.#link.output, item, this.#answers);
      return;
    }
    const { strong, protocol } = this.#options;
    const head = await this.#link.read((from) => readSumHead(from, strong.length, protocol));
    const sums = new BlockSums(head);
    while (head.count > 0 && !(await this.#link.read((from) => readSums(from, sums))));
    const outcome = await this.#sendFile(item, entry, sums);
    this.#options.onSent?.(item.index, outcome);
  }

  /** Law 6: content is sent for regular files of the list only, and at most twice each. */
  #entryToSend(index: number, phase: number): FileEntry {
    const entry = this.#options.entries[index] as FileEntry;
    const times = (this.#timesAsked[index] as number) + 1;
    this.#timesAsked[index] = times;
    if (isRegularFile(entry) && times <= 2 && phase < lastPhase) return entry;
    throw badRequest(
      `the content of "${displayPath(entry.path)}" (mode ${entry.mode.toString(8)}), for the ${times}. time, in phase ${phase}`,
    );
  }

  async #sendFile(item: Item, entry: FileEntry, sums: BlockSums): Promise<SendOutcome> {
    this.#bytesSincePace += bytesPerFile;
    let file: OpenFile | undefined;
    try {
      file = this.#options.source.open(entry);
      if (file !== undefined) return await this.#sendOpenFile(item, file, sums);
      this.#refuse(item.index);
      return { kind: "vanished" };
    } catch (error) {
      if (error instanceof RsyncError || !isSystemError(error)) throw error;
      this.#refuse(item.index);
      return { kind: "unreadable", cause: error };
    } finally {
      file?.close();
    }
  }

  async #sendOpenFile(item: Item, file: OpenFile, sums: BlockSums): Promise<SendOutcome> {
    const first = file.read(step, stepBytes, 0);
    const state = file.state();
    if (state === "replaced") {
      this.#refuse(item.index);
      return { kind: "vanished" };
    }
    const { output } = this.#link;
    writeItem(output, item, this.#answers);
    output.bytes(encodeSumHead(sums.head));
    const content = this.#contentWriter(item, sums);
    if (first < stepBytes) {
      const bytes = step.subarray(0, first);
      content.write(bytes);
      content.end();
      output.bytes(this.#options.strong.wholeFile(bytes));
      this.#bytesSincePace += first;
      return { kind: state === "changed" ? "changed" : "sent", bytes: first };
    }
    return this.#sendSteps(file, content);
  }

  /** Sends a file of which the first step is in the buffer. */
  async #sendSteps(file: OpenFile, content: ContentWriter): Promise<SendOutcome> {
    const digest = this.#options.strong.start();
    let position = 0;
    let failure: NodeJS.ErrnoException | undefined;
    for (let length = stepBytes; length > 0; ) {
      const bytes = step.subarray(0, length);
      digest.update(bytes);
      content.write(bytes);
      position += length;
      await this.#pace();
      try {
        length = file.read(step, stepBytes, position);
      } catch (error) {
        failure = error as NodeJS.ErrnoException;
        length = 0;
      }
    }
    content.end();
    const sum = digest.digest();
    // A wrong sum makes the daemon throw away what it got (spec 2 §3.5).
    this.#link.output.bytes(failure === undefined ? sum : invalidSum(sum));
    if (failure !== undefined) return { kind: "unreadable", cause: failure };
    return { kind: file.state() === "as listed" ? "sent" : "changed", bytes: position };
  }

  #contentWriter(item: Item, sums: BlockSums): ContentWriter {
    const { tokens, strong, inplace = false } = this.#options;
    if (sums.head.count === 0) {
      return { write: (bytes) => tokens.literal(bytes), end: () => tokens.end() };
    }
    const overwritesBasis = inplace && (item.basisType ?? destinationBasis) === destinationBasis;
    const matcher = new BlockMatcher(sums, strong, tokens, { inplace: overwritesBasis });
    return {
      write: (bytes) => matcher.feed(bytes),
      end: () => {
        matcher.finish();
        tokens.end();
      },
    };
  }

  /** "This file will not come": the daemon goes on with the next one. */
  #refuse(index: number): void {
    this.#link.output.message(
      messageTags.noSend,
      encoded((to) => to.int32(index)),
    );
  }

  async #pace(): Promise<void> {
    this.#bytesSincePace = 0;
    await this.#link.pace();
  }
}

/** Takes a file's bytes in order; they are used up when the call returns. */
interface ContentWriter {
  write(bytes: Uint8Array): void;
  end(): void;
}

/** The file that is going to be replaced is the basis itself. */
const destinationBasis = 0x80;

/** False while more sums are to come; a step of nothing waits for the next bytes. */
function readSums(from: Cursor, sums: BlockSums): boolean {
  if (from.available < 4 + sums.head.announcedStrongLength) from.bytes(from.available + 1);
  return sums.read(from);
}

function invalidSum(sum: Uint8Array): Uint8Array {
  const wrong = new Uint8Array(sum.length);
  if (sum.every((byte) => byte === 0)) wrong[wrong.length - 1] = 1;
  return wrong;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

function badRequest(found: string): RsyncError {
  return new RsyncError("BAD_STREAM", `Cannot serve the daemon: it asks for ${found}`);
}
