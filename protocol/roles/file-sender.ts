import type { StrongChecksum } from "../delta/checksum.ts";
import { BlockMatcher } from "../delta/match.ts";
import { type BlockSums, type ReadSumHead, sumHeadLength, writeSumHead } from "../delta/sums.ts";
import type { TokenWriter } from "../delta/tokens.ts";
import type { FileEntry } from "../flist/entry.ts";
import { messageTags } from "../mux/frame.ts";
import type { Output } from "../mux/mux.ts";
import type { BytePath } from "../path.ts";
import type { FileSource, FileState, OpenFile } from "../source/source.ts";
import { encoded } from "../wire/writer.ts";
import type { Dialect } from "./dialect.ts";
import { type Pace, stepBytes } from "./pace.ts";
import type { Item } from "./request.ts";
import type { Traffic } from "./traffic.ts";

/** What became of a file that the daemon asked for. Whether it arrived is the daemon's to say. */
export type SendOutcome =
  | { readonly kind: "sent"; readonly bytes: number; readonly traffic?: Traffic }
  /** Sent, but it was changing meanwhile: it must be sent again. */
  | { readonly kind: "changed"; readonly bytes: number; readonly traffic?: Traffic }
  /** Not there any more, or another object under the same name. */
  | { readonly kind: "vanished" }
  /** There, but it cannot be read. */
  | { readonly kind: "unreadable"; readonly cause: NodeJS.ErrnoException };

/** What the daemon has of a file already: nothing, where there are no sums. */
export interface Basis {
  readonly head: ReadSumHead;
  readonly sums?: BlockSums | undefined;
  /** Bytes that stay as they are: only what comes behind them is sent. Default: no such thing. */
  readonly appendedTo?: number | undefined;
}

export interface FileSenderOptions {
  readonly source: FileSource;
  readonly strong: StrongChecksum;
  readonly tokens: TokenWriter;
  /** `--inplace`: blocks that have been overwritten are not referred to. Default false. */
  readonly inplace?: boolean;
  /** `--append`; "verify": the sum covers what is there, too. Default: files are not only longer. */
  readonly append?: boolean | "verify" | undefined;
  /** Compat bit 0x40: what is in a partial directory is completed in place. Default false. */
  readonly completesPartial?: boolean;
  /** Files that are not worth compressing. Default: none. */
  readonly isStored?: (path: BytePath) => boolean;
  /** A requested file is here, and its content is about to be sent. */
  readonly onOpened?: (item: Item) => void;
  /** So many bytes of the file that was opened last are through. Told once a step, if at all. */
  readonly onStep?: (bytes: number) => void;
}

/** What a file's answer is written to. */
export interface FileSenderLink {
  readonly output: Output;
  readonly dialect: Pick<Dialect, "writeItem">;
  readonly pace: Pace;
}

/** What opening and closing a file counts for in a step, so that many tiny files make one too. */
const bytesPerFile = 4 * 1024;
/** Reading is synchronous and a step is used up before the next begins, so all sessions share it. */
const step = new Uint8Array(stepBytes);

/** Sends the content of one file after the other. Small ones take no promise. */
export class FileSender {
  readonly #link: FileSenderLink;
  readonly #options: FileSenderOptions;

  constructor(link: FileSenderLink, options: FileSenderOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Answers a request for content: with tokens and a checksum, or with "it will not come". */
  send(item: Item, entry: FileEntry, basis: Basis): SendOutcome | Promise<SendOutcome> {
    this.#link.pace.spend(bytesPerFile);
    const opened = this.#open(entry, basis);
    if ("kind" in opened) {
      this.#refuse(item.index);
      return opened;
    }
    const { file, first, state } = opened;
    const { output, dialect, pace } = this.#link;
    this.#options.onOpened?.(item);
    const before = output.dataBytes;
    dialect.writeItem(output, item);
    writeSumHead(output, basis.head);
    this.#options.tokens.begin?.(this.#options.isStored?.(entry.path) ?? false);
    const content = this.#contentWriter(item, basis);
    if (first === stepBytes) {
      return this.#sendSteps(file, content, basis, before).finally(() => file.close());
    }
    file.close();
    const bytes = step.subarray(0, first);
    const silent = this.#silent(basis);
    content.literal(silent === 0 ? bytes : bytes.subarray(silent));
    content.end();
    const sum = this.#options.strong.wholeFile(bytes);
    output.bytes(sum);
    pace.spend(first);
    const traffic = { sum, received: sumBytes(basis), sent: output.dataBytes - before };
    return { kind: state === "changed" ? "changed" : "sent", bytes: first, traffic };
  }

  /** Opens a listed file and reads its first step into the buffer; or says why that is not so. */
  #open(entry: FileEntry, basis: Basis): OpenedFile | SendOutcome {
    let file: OpenFile | undefined;
    try {
      file = this.#options.source.open(entry.servedBy ?? entry);
      if (file === undefined) return { kind: "vanished" };
      const isShorter = basis.appendedTo !== undefined && !reaches(file, entry.size);
      const first = file.read(step, stepBytes, this.#start(basis));
      const state = file.state();
      if (state !== "replaced" && !isShorter) return { file, first, state };
      if (state !== "replaced") throw diminished();
    } catch (error) {
      file?.close();
      if (!isSystemError(error)) throw error;
      // A directory has taken the name: it can be opened, and not be read.
      return error.code === "EISDIR" ? { kind: "vanished" } : { kind: "unreadable", cause: error };
    }
    file.close();
    return { kind: "vanished" };
  }

  /** Sends a file of which the first step is in the buffer. */
  async #sendSteps(
    file: OpenFile,
    content: ContentWriter,
    basis: Basis,
    before: number,
  ): Promise<SendOutcome> {
    const digest = this.#options.strong.start();
    const silent = this.#silent(basis);
    let position = this.#start(basis);
    let failure: NodeJS.ErrnoException | undefined;
    for (let length = stepBytes; length > 0; ) {
      const bytes = step.subarray(0, length);
      digest.update(bytes);
      content.literal(position < silent ? bytes.subarray(silent - position) : bytes);
      position += length;
      this.#options.onStep?.(position);
      await this.#link.pace.take();
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
    const { output } = this.#link;
    output.bytes(failure === undefined ? sum : invalidSum(sum));
    if (failure !== undefined) return { kind: "unreadable", cause: failure };
    const traffic = { sum, received: sumBytes(basis), sent: output.dataBytes - before };
    const kind = file.state() === "as listed" ? "sent" : "changed";
    return { kind, bytes: position, traffic };
  }

  /** Where reading begins. */
  #start({ appendedTo = 0 }: Basis): number {
    return this.#options.append === "verify" ? 0 : appendedTo;
  }

  /** How many bytes are read for the sum only. */
  #silent({ appendedTo = 0 }: Basis): number {
    return this.#options.append === "verify" ? appendedTo : 0;
  }

  #contentWriter(item: Item, { sums }: Basis): ContentWriter {
    const { tokens, strong } = this.#options;
    if (sums === undefined) return tokens;
    const matcher = new BlockMatcher(sums, strong, tokens, { inplace: this.#overwrites(item) });
    return {
      literal: (bytes) => matcher.feed(bytes),
      end: () => {
        matcher.finish();
        tokens.end();
      },
    };
  }

  /** Whether the daemon writes into the very file that its sums describe. */
  #overwrites({ basisType = destinationBasis }: Item): boolean {
    const { inplace = false, append = false, completesPartial = false } = this.#options;
    if (basisType === partialBasis) return completesPartial;
    return (inplace || append !== false) && basisType === destinationBasis;
  }

  /** "This file will not come": the daemon goes on with the next one. */
  #refuse(index: number): void {
    this.#link.output.message(
      messageTags.noSend,
      encoded((to) => to.int32(index)),
    );
  }
}

/** Length of a head and the sums that came with it. */
function sumBytes({ head, sums }: Basis): number {
  const { count, announcedStrongLength } = head;
  return sumHeadLength + (sums === undefined ? 0 : count * (4 + announcedStrongLength));
}

/** Takes a file's bytes in order; they are used up when the call returns. */
type ContentWriter = Pick<TokenWriter, "literal" | "end">;

/** A file whose first step is in the buffer. */
interface OpenedFile {
  readonly file: OpenFile;
  /** Bytes in the buffer. */
  readonly first: number;
  readonly state: FileState;
}

/** The file that is going to be replaced is the basis itself. */
const destinationBasis = 0x80;
/** A file of the partial directory is. */
const partialBasis = 0x81;

function invalidSum(sum: Uint8Array): Uint8Array {
  const wrong = new Uint8Array(sum.length);
  if (sum.every((byte) => byte === 0)) wrong[wrong.length - 1] = 1;
  return wrong;
}

/** A file that was listed with `size` bytes has them still. */
function reaches(file: OpenFile, size: number): boolean {
  return size === 0 || file.read(step, 1, size - 1) === 1;
}

function diminished(): NodeJS.ErrnoException {
  const error = new Error("it has become shorter than it was listed, and is not appended to");
  return Object.assign(error, { syscall: "read" });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
