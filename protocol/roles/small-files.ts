import { PlainTokenReader, type TokenReader } from "../delta/token-reader.ts";
import { longestContent } from "../destination/file-batch.ts";
import { FileStore, type OnStored } from "../destination/file-store.ts";
import { isRegularFile } from "../flist/entry.ts";
import type { Cursor } from "../wire/cursor.ts";
import { isInPlace } from "./placing.ts";
import type { ReceivingJob, Requested } from "./receiving.ts";

/** The content of a small file, and the sender's sum of it; views. */
export interface WholeContent {
  readonly content: Uint8Array;
  readonly sum: Uint8Array;
}

/** A file that was put into the store. */
export interface StoredFile {
  readonly index: number;
  readonly requested: Requested;
  readonly bytes: number;
}

/**
 * The short way of files that come in one piece: they are read as one value, and written many at a
 * time, perhaps by another thread, while the next ones come.
 */
export class SmallFiles {
  readonly #job: ReceivingJob;
  readonly #tokens: PlainTokenReader;
  readonly #store: FileStore<StoredFile>;

  /** Undefined where files need more than to be written and renamed. */
  static of(
    job: ReceivingJob,
    tokens: TokenReader,
    onStored: OnStored<StoredFile>,
  ): SmallFiles | undefined {
    if (!(tokens instanceof PlainTokenReader) || !isPlain(job)) return undefined;
    const store = FileStore.open(job.tree, onStored);
    return store && new SmallFiles(job, tokens, store);
  }

  private constructor(job: ReceivingJob, tokens: PlainTokenReader, store: FileStore<StoredFile>) {
    this.#job = job;
    this.#tokens = tokens;
    this.#store = store;
  }

  /** True for a file that should come whole, and fit. */
  takes({ entry, head, isRedo, basis }: Requested): boolean {
    return head.count === 0 && entry.size <= longestContent && !isRedo && basis === undefined;
  }

  /** False: {@link room} must be waited for before the next file is read. */
  get hasRoom(): boolean {
    return this.#store.hasRoom;
  }

  room(): Promise<void> {
    return this.#store.room();
  }

  /** What follows the head of an answer; undefined, with nothing taken, for what comes in pieces. */
  readonly read = (from: Cursor): WholeContent | "in pieces" => {
    const content = this.#tokens.readWhole(from, longestContent);
    if (content === undefined) return "in pieces";
    return { content, sum: from.bytes(this.#job.strong.length) };
  };

  /** Takes a file that is as the sender has it. @throws what the system says of its directory. */
  put(index: number, requested: Requested, content: Uint8Array): void {
    const { attributes } = this.#job;
    const { entry, found } = requested;
    const file = { index, requested, bytes: content.length };
    const replaced = found !== undefined && isRegularFile(found) ? found : undefined;
    this.#store.add(file, entry.path, attributes.ofNewFile(entry, replaced), content);
  }

  /** Nothing is here to be read now. */
  flush(): void {
    this.#store.flush();
  }

  /** Resolves when nothing is on its way any more. */
  settled(): Promise<void> {
    return this.#store.settled();
  }
}

/** Nothing is asked for but a file's content, its owner, permissions and time. */
function isPlain({ transfer, places, tellsInTurn }: ReceivingJob): boolean {
  const { sparse, fsync, preallocate, delayUpdates, partial, dryRun, acls, xattrs } = transfer;
  const whole = sparse || fsync || preallocate || delayUpdates || partial || isInPlace(transfer);
  const more = whole || acls || xattrs;
  const elsewhere = places?.temporary ?? places?.partial ?? places?.backups;
  return !more && !dryRun && !tellsInTurn && elsewhere === undefined;
}
