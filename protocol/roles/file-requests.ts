import fs from "node:fs";
import { type SumHead, writeSumHead } from "../delta/sums.ts";
import { differences } from "../destination/attributes.ts";
import type { Found } from "../destination/tree.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import { describeBasis, writeBasisSums } from "./basis.ts";
import type { GeneratorLink } from "./generator.ts";
import type { TellItem } from "./object-maker.ts";
import type { Pace } from "./pace.ts";
import { QuickCheck } from "./quick-check.ts";
import { type Meeting, noBasis, type ReceivingJob } from "./receiving.ts";
import { itemFlags } from "./request.ts";

export interface FileRequestOptions {
  readonly pace: Pace;
  readonly tell: TellItem;
}

/** Decides for regular files whether their content is wanted, and asks for it. */
export class FileRequests {
  readonly #link: GeneratorLink;
  readonly #job: ReceivingJob;
  readonly #meeting: Meeting;
  readonly #options: FileRequestOptions;
  readonly #check: QuickCheck;
  /** What was asked for last. */
  lastAsked = -1;

  constructor(
    link: GeneratorLink,
    job: ReceivingJob,
    meeting: Meeting,
    options: FileRequestOptions,
  ) {
    this.#link = link;
    this.#job = job;
    this.#meeting = meeting;
    this.#options = options;
    this.#check = new QuickCheck({ ...job, pace: options.pace });
  }

  /** Undefined when that was all; a promise where something had to be read. */
  request(index: number, entry: FileEntry, found: Found | undefined): Promise<void> | undefined {
    if (this.#isLeftOut(entry, found)) return undefined;
    if (found === undefined || !isRegularFile(found)) return this.ask(index, entry, found);
    const isSame = this.#check.isSame(entry, found);
    if (isSame instanceof Promise) {
      return isSame.then((same) => this.#decide(index, entry, found, same));
    }
    return this.#decide(index, entry, found, isSame);
  }

  #isLeftOut(entry: FileEntry, found: Found | undefined): boolean {
    const { maxSizeBytes, minSizeBytes, update } = this.#job.transfer;
    if (maxSizeBytes !== undefined && entry.size > maxSizeBytes) return true;
    if (minSizeBytes !== undefined && entry.size < minSizeBytes) return true;
    return update === true && found !== undefined && isRegularFile(found) && isNewer(found, entry);
  }

  #decide(
    index: number,
    entry: FileEntry,
    found: Found,
    isSame: boolean,
  ): Promise<void> | undefined {
    if (!isSame) return this.ask(index, entry, found);
    const { attributes, transfer } = this.#job;
    this.#options.tell(index, attributes.compare(entry, found));
    if (transfer.dryRun) return undefined;
    attributes.apply(entry.path, entry, found, found);
    this.#job.events.inPlace(index);
    return undefined;
  }

  /** Asks for content; with the sums of what is here, where that helps. */
  ask(
    index: number,
    entry: FileEntry,
    found: Found | undefined,
    { isRedo = false }: { readonly isRedo?: boolean } = {},
  ): Promise<void> | undefined {
    const { dryRun } = this.#job.transfer;
    this.lastAsked = index;
    const flags = itemFlags.transfer | this.#differences(entry, found);
    const { output, dialect } = this.#link;
    const descriptor = dryRun ? undefined : this.#openBasis(entry, found);
    const head = descriptor === undefined ? noBasis : this.#describe(descriptor, isRedo);
    this.#meeting.requested.set(index, { entry, found, head, isRedo });
    dialect.writeItem(output, {
      kind: "item",
      index,
      flags,
      basisType: undefined,
      name: undefined,
    });
    if (dryRun) return undefined;
    if (descriptor === undefined || head.count === 0) {
      if (descriptor !== undefined) fs.closeSync(descriptor);
      writeSumHead(output, noBasis);
      return undefined;
    }
    return writeBasisSums(output, descriptor, head, this.#job.strong, this.#options.pace).finally(
      () => fs.closeSync(descriptor),
    );
  }

  #differences(entry: FileEntry, found: Found | undefined): number {
    if (found === undefined || !isRegularFile(found)) return itemFlags.isNew;
    const { attributes, transfer } = this.#job;
    const size = entry.size === found.size ? 0 : differences.size;
    const time = transfer.times ? 0 : differences.time;
    const content = transfer.checksum ? differences.content : 0;
    return attributes.compare(entry, found) | size | time | content;
  }

  /** A file that cannot be read is replaced as a whole. */
  #openBasis(entry: FileEntry, found: Found | undefined): number | undefined {
    const { tree, transfer, strong } = this.#job;
    const isUsable = found !== undefined && isRegularFile(found) && found.size > 0;
    if (!isUsable || transfer.wholeFile || strong.name === "none") return undefined;
    try {
      return tree.open(entry.path);
    } catch {
      return undefined;
    }
  }

  #describe(descriptor: number, isRedo: boolean): SumHead {
    const { protocol, strong, transfer } = this.#job;
    const { blockSizeBytes } = transfer;
    const { size } = fs.fstatSync(descriptor);
    if (size === 0) return noBasis;
    return describeBasis(size, { protocol, digestLength: strong.length, blockSizeBytes, isRedo });
  }
}

function isNewer(found: Found, entry: FileEntry): boolean {
  if (found.mtimeSeconds !== entry.mtimeSeconds) return found.mtimeSeconds > entry.mtimeSeconds;
  return found.mtimeNanoseconds > entry.mtimeNanoseconds;
}
