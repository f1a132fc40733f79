import fs from "node:fs";
import { type SumHead, writeSumHead } from "../delta/sums.ts";
import { differences } from "../destination/attributes.ts";
import type { Location } from "../destination/location.ts";
import type { Found } from "../destination/tree.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import type { Alternates } from "./alternates.ts";
import { describeBasis, writeBasisSums } from "./basis.ts";
import { BasisSearch } from "./basis-search.ts";
import type { Pace } from "./pace.ts";
import { comparedTo } from "./placing.ts";
import type { QuickCheck } from "./quick-check.ts";
import {
  type BasisChoice,
  basisTypes,
  type GeneratorLink,
  type Meeting,
  noBasis,
  type ReceivingJob,
} from "./receiving.ts";
import { type Item, itemFlags, type TellItem } from "./request.ts";
import { withWanted } from "./wanted-values.ts";

export interface FileRequestOptions {
  readonly pace: Pace;
  readonly tell: TellItem;
  readonly check: QuickCheck;
  readonly alternates?: Alternates | undefined;
}

interface AskOptions {
  /** It came wrong. Default false. */
  readonly isRedo?: boolean;
  /** Default: what is at its name. */
  readonly basis?: BasisChoice | undefined;
}

const accessDiffers = 0x0080;

/** Decides for regular files whether their content is wanted, and asks for it. */
export class FileRequests {
  readonly #link: GeneratorLink;
  readonly #job: ReceivingJob;
  readonly #meeting: Meeting;
  readonly #options: FileRequestOptions;
  readonly #check: QuickCheck;
  readonly #search: BasisSearch | undefined;
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
    this.#check = options.check;
    this.#search = BasisSearch.of(job, options, options.alternates);
  }

  /** Undefined when that was all; a promise where something had to be read. */
  request(index: number, entry: FileEntry, found: Found | undefined): Promise<void> | undefined {
    if (this.#isLeftOut(entry, found)) return undefined;
    if (this.#search !== undefined) return this.#searched(this.#search, index, entry, found);
    if (found === undefined || !isRegularFile(found)) return this.ask(index, entry, found);
    const isSame = this.#check.isSame(entry, found);
    if (isSame instanceof Promise) {
      return isSame.then((same) => this.#decide(index, entry, found, same));
    }
    return this.#decide(index, entry, found, isSame);
  }

  #isLeftOut(entry: FileEntry, found: Found | undefined): boolean {
    const { transfer, attributes } = this.#job;
    const { maxSizeBytes, minSizeBytes, update } = transfer;
    if (maxSizeBytes !== undefined && entry.size > maxSizeBytes) return true;
    if (minSizeBytes !== undefined && entry.size < minSizeBytes) return true;
    if (!update || found === undefined || !isRegularFile(found)) return false;
    return !attributes.sameTime(entry, found) && isNewer(found, entry);
  }

  async #searched(
    search: BasisSearch,
    index: number,
    entry: FileEntry,
    found: Found | undefined,
  ): Promise<void> {
    const here = found !== undefined && isRegularFile(found) ? found : undefined;
    const decision = await search.decide(index, entry, here);
    if (decision.kind === "same") this.#keep(index, entry, here as Found);
    else if (decision.kind === "done") this.#settled(index);
    else await this.ask(index, entry, found, { basis: decision.basis });
  }

  #settled(index: number): void {
    const { transfer, events } = this.#job;
    if (!transfer.dryRun) events.inPlace(index);
  }

  #decide(
    index: number,
    entry: FileEntry,
    found: Found,
    isSame: boolean,
  ): Promise<void> | undefined {
    if (!isSame) return this.ask(index, entry, found);
    this.#keep(index, entry, found);
    return undefined;
  }

  #keep(index: number, entry: FileEntry, found: Found): void {
    const { attributes, transfer, events } = this.#job;
    const different = attributes.compare(entry, found);
    // Permissions become right with an access list; rsync looks at them afterwards.
    const hidden = (different & accessDiffers) !== 0 && !transfer.dryRun ? differences.mode : 0;
    this.#options.tell(index, different & ~hidden);
    if (transfer.dryRun) return;
    attributes.apply(entry.path, entry, found, found);
    events.inPlace(index);
  }

  /** Asks once more for a file that came wrong. */
  again(index: number, entry: FileEntry): Promise<void> | undefined {
    const found = this.#job.tree.find(entry.path);
    return this.ask(index, entry, found, { isRedo: true, basis: this.#search?.again(entry) });
  }

  /** Asks for content; with the sums of what is here, where that helps. */
  ask(
    index: number,
    entry: FileEntry,
    found: Found | undefined,
    { isRedo = false, basis }: AskOptions = {},
  ): Promise<void> | undefined {
    const { dryRun, append } = this.#job.transfer;
    this.lastAsked = index;
    if (!isRedo) this.#job.lists.wait(index);
    const at = comparedTo({ entry, found, basis }, this.#job.tree);
    const compared =
      basis !== undefined && basis.type < basisTypes.destination ? basis.found : found;
    const flags = itemFlags.transfer | this.#differences(entry, compared, at);
    const { output, dialect } = this.#link;
    const descriptor = dryRun ? undefined : this.#openBasis(entry, basis?.found ?? found, basis);
    const head = descriptor === undefined ? noBasis : this.#describe(descriptor, isRedo);
    const appends = Boolean(append) && !isRedo && head.count > 0;
    this.#meeting.requested.set(index, { entry, found, head, isRedo, basis, appends });
    const item = { kind: "item", index, ...described(flags, basis) } as const;
    dialect.writeItem(output, withWanted(item, entry, at, this.#job));
    if (dryRun) return undefined;
    if (descriptor === undefined || head.count === 0 || appends) {
      if (descriptor !== undefined) fs.closeSync(descriptor);
      writeSumHead(output, head);
      return undefined;
    }
    return writeBasisSums(output, descriptor, head, this.#job.strong, this.#options.pace).finally(
      () => fs.closeSync(descriptor),
    );
  }

  #differences(entry: FileEntry, found: Found | undefined, at: Location | undefined): number {
    if (found === undefined || !isRegularFile(found)) return itemFlags.isNew;
    const { attributes, transfer } = this.#job;
    const size = entry.size === found.size ? 0 : differences.size;
    const time = transfer.times ? 0 : differences.time;
    const content = transfer.checksum ? differences.content : 0;
    return attributes.compare(entry, found, at) | size | time | content;
  }

  /** A file that cannot be read is replaced as a whole. */
  #openBasis(
    entry: FileEntry,
    found: Found | undefined,
    basis: BasisChoice | undefined,
  ): number | undefined {
    const { transfer, strong } = this.#job;
    const { tree, path } = basis?.location ?? { tree: this.#job.tree, path: entry.path };
    const isUsable = found !== undefined && isRegularFile(found) && found.size > 0;
    if (!isUsable || transfer.wholeFile || strong.name === "none") return undefined;
    try {
      return tree.open(path);
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

/** What is said of the file that the sums describe. */
function described(
  flags: number,
  basis: BasisChoice | undefined,
): Pick<Item, "flags" | "basisType" | "name"> {
  if (basis === undefined) return { flags, basisType: undefined, name: undefined };
  const { type: basisType, name } = basis;
  const named = name === undefined ? 0 : itemFlags.nameFollows;
  return { flags: flags | itemFlags.basisTypeFollows | named, basisType, name };
}

function isNewer(found: Found, entry: FileEntry): boolean {
  if (found.mtimeSeconds !== entry.mtimeSeconds) return found.mtimeSeconds > entry.mtimeSeconds;
  return found.mtimeNanoseconds > entry.mtimeNanoseconds;
}
