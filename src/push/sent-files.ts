import { lstatSync } from "node:fs";
import {
  type BytePath,
  type FileEntry,
  isRegularFile,
  isWithin,
  nativePath,
} from "../../protocol/index.ts";

/** What is past these is sent again. */
const mostFiles = 200_000;
/** Two changes that follow each other more closely may have one time. */
const settledMs = 1_000;

/**
 * Which files of trees that are sent with all content have arrived: when a session breaks off, only
 * the others are sent again, or a large tree would never be through over a bad line.
 */
export class SentFiles {
  readonly #root: string;
  /** The change of status that each had before it was read; every change of it moves that. */
  readonly #sent = new Map<BytePath, bigint>();
  readonly #sending = new Map<BytePath, bigint>();

  constructor(root: string) {
    this.#root = root;
  }

  /** True when it has arrived, and has not changed since. */
  has({ path }: FileEntry): boolean {
    const sent = this.#sent.get(path);
    return sent !== undefined && sent === this.#changeOf(path);
  }

  /** They are about to be read. */
  begin(entries: Iterable<FileEntry>): void {
    const latest = BigInt(Date.now() - settledMs) * 1_000_000n;
    for (const entry of entries) {
      const isAlone = (entry.linkCount ?? 1) === 1;
      if (!isRegularFile(entry) || !isAlone || this.#sending.size >= mostFiles) continue;
      const change = this.#changeOf(entry.path);
      if (change !== undefined && change < latest) this.#sending.set(entry.path, change);
    }
  }

  arrived(path: BytePath): void {
    const change = this.#sending.get(path);
    if (change === undefined) return;
    this.#sending.delete(path);
    if (this.#sent.size < mostFiles) this.#sent.set(path, change);
  }

  /** All at and below a path is through. */
  forget(path: BytePath): void {
    for (const files of [this.#sent, this.#sending]) {
      for (const each of files.keys()) if (isWithin(each, path)) files.delete(each);
    }
  }

  #changeOf(path: BytePath): bigint | undefined {
    try {
      return lstatSync(nativePath(this.#root, path), { bigint: true }).ctimeNs;
    } catch {
      return undefined;
    }
  }
}
