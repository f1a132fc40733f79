import fs from "node:fs";
import type { StrongChecksum } from "../delta/checksum.ts";
import { loadStrongChecksum } from "../delta/strong.ts";
import type { Attributes } from "../destination/attributes.ts";
import type { Location } from "../destination/location.ts";
import type { DestinationTree, Found } from "../destination/tree.ts";
import type { FileEntry } from "../flist/entry.ts";
import type { TransferOptions } from "../options.ts";
import { type Pace, stepBytes } from "./pace.ts";

export interface QuickCheckOptions {
  readonly tree: DestinationTree;
  readonly transfer: TransferOptions;
  readonly attributes: Attributes;
  readonly strong: StrongChecksum;
  readonly pace: Pace;
}

/** Says whether a file is what the list says, by as much as was asked for (spec 2 §6.2). */
export class QuickCheck {
  readonly #options: QuickCheckOptions;
  readonly #buffer = Buffer.allocUnsafeSlow(stepBytes);

  constructor(options: QuickCheckOptions) {
    this.#options = options;
  }

  /** @param location of what was found, where that is not at the entry's name. */
  isSame(entry: FileEntry, found: Found, location?: Location): boolean | Promise<boolean> {
    const { checksum, sizeOnly, ignoreTimes } = this.#options.transfer;
    if (entry.size !== found.size) return false;
    if (checksum) {
      return this.#sameContent(entry, location ?? { tree: this.#options.tree, path: entry.path });
    }
    if (sizeOnly) return true;
    if (ignoreTimes) return false;
    return this.#options.attributes.sameTime(entry, found);
  }

  async #sameContent({ digest }: FileEntry, { tree, path }: Location): Promise<boolean> {
    if (digest === undefined) return false;
    const { strong, pace } = this.#options;
    const sum = (await listChecksum(strong)).start();
    let descriptor: number | undefined;
    try {
      descriptor = tree.open(path);
      for (let at = 0; ; ) {
        const length = fs.readSync(descriptor, this.#buffer, 0, stepBytes, at);
        if (length === 0) break;
        sum.update(this.#buffer.subarray(0, length));
        at += length;
        pace.spend(length);
        if (pace.isDue) await pace.take();
      }
      return Buffer.compare(sum.digest(), digest) === 0;
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
      return false; // what cannot be read is replaced
    } finally {
      if (descriptor !== undefined) fs.closeSync(descriptor);
    }
  }
}

/** Sums of lists are never seeded (spec 1 §7.7). */
async function listChecksum(strong: StrongChecksum): Promise<StrongChecksum> {
  return strong.name === "old-md4" ? loadStrongChecksum("md4", 0, { seedFix: false }) : strong;
}
