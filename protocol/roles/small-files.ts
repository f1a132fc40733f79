import { PlainTokenReader, type TokenReader } from "../delta/token-reader.ts";
import { FileWriter } from "../destination/file-writer.ts";
import { isRegularFile } from "../flist/entry.ts";
import type { Cursor } from "../wire/cursor.ts";
import { isInPlace } from "./placing.ts";
import type { ReceivingJob, Requested } from "./receiving.ts";

/** A sender cuts what is longer into pieces. */
const longestContent = 32 * 1024;

/** The content of a small file, and the sender's sum of it; views. */
export interface WholeContent {
  readonly content: Uint8Array;
  readonly sum: Uint8Array;
}

/** The short way of files that come in one piece: they are read as one value, and written at once. */
export class SmallFiles {
  readonly #job: ReceivingJob;
  readonly #tokens: PlainTokenReader;
  readonly #writer: FileWriter;

  /** Undefined where files need more than to be written and renamed. */
  static of(job: ReceivingJob, tokens: TokenReader): SmallFiles | undefined {
    if (!(tokens instanceof PlainTokenReader) || !isPlain(job)) return undefined;
    const writer = FileWriter.of(job.tree);
    return writer && new SmallFiles(job, tokens, writer);
  }

  private constructor(job: ReceivingJob, tokens: PlainTokenReader, writer: FileWriter) {
    this.#job = job;
    this.#tokens = tokens;
    this.#writer = writer;
  }

  /** True for a file that should come whole, and fit. */
  takes({ entry, head, isRedo, basis }: Requested): boolean {
    return head.count === 0 && entry.size <= longestContent && !isRedo && basis === undefined;
  }

  /** What follows the head of an answer; undefined, with nothing taken, for what comes in pieces. */
  readonly read = (from: Cursor): WholeContent | "in pieces" => {
    const content = this.#tokens.readWhole(from, longestContent);
    if (content === undefined) return "in pieces";
    return { content, sum: from.bytes(this.#job.strong.length) };
  };

  /** Puts a file in place that is as the sender has it. @throws what the system says. */
  put({ entry, found }: Requested, content: Uint8Array): void {
    const { attributes } = this.#job;
    const replaced = found !== undefined && isRegularFile(found) ? found : undefined;
    this.#writer.put(entry.path, attributes.ofNewFile(entry, replaced), content);
  }
}

/** Nothing is asked for but a file's content, its owner, permissions and time. */
function isPlain({ transfer, places }: ReceivingJob): boolean {
  const { sparse, fsync, preallocate, delayUpdates, partial, dryRun, acls, xattrs } = transfer;
  const whole = sparse || fsync || preallocate || delayUpdates || partial || isInPlace(transfer);
  const more = whole || acls || xattrs;
  const elsewhere = places?.temporary ?? places?.partial ?? places?.backups;
  return !more && !dryRun && elsewhere === undefined;
}
