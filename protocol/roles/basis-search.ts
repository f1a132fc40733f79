import { noPlaces } from "../destination/places.ts";
import type { Found } from "../destination/tree.ts";
import type { FileEntry } from "../flist/entry.ts";
import type { Alternates, AlternatesOptions } from "./alternates.ts";
import { FuzzySearch } from "./fuzzy.ts";
import { drain } from "./pace.ts";
import { isInPlace } from "./placing.ts";
import { type BasisChoice, basisTypes, type ReceivingJob } from "./receiving.ts";

/** What is to be done about a file: nothing more, it is as it should be, or fetch it. */
export type Decision =
  | { readonly kind: "done" }
  | { readonly kind: "same" }
  | { readonly kind: "ask"; readonly basis?: BasisChoice | undefined };

/** Finds what a file can be put together from, where that may be more than its name (spec 2 §6.3). */
export class BasisSearch {
  readonly #job: ReceivingJob;
  readonly #options: Omit<AlternatesOptions, "tell">;
  readonly #alternates: Alternates | undefined;
  readonly #fuzzy: FuzzySearch | undefined;

  private constructor(
    job: ReceivingJob,
    options: Omit<AlternatesOptions, "tell">,
    alternates: Alternates | undefined,
  ) {
    const { transfer, tree, places = noPlaces } = job;
    this.#job = job;
    this.#options = options;
    this.#alternates = alternates;
    const further = transfer.fuzzy === "alternates" ? places.alternates : [];
    this.#fuzzy = transfer.fuzzy ? new FuzzySearch(tree, further) : undefined;
  }

  /** Undefined where only the name itself matters. */
  static of(
    job: ReceivingJob,
    options: Omit<AlternatesOptions, "tell">,
    alternates: Alternates | undefined,
  ): BasisSearch | undefined {
    const { transfer, places = noPlaces } = job;
    const { fuzzy, append } = transfer;
    const isAsked =
      alternates !== undefined ||
      places.partial !== undefined ||
      fuzzy ||
      append ||
      (places.backups !== undefined && isInPlace(transfer));
    return isAsked ? new BasisSearch(job, options, alternates) : undefined;
  }

  /** @param here what is at the file's name, if that is a file. */
  async decide(index: number, entry: FileEntry, here: Found | undefined): Promise<Decision> {
    const { transfer, places = noPlaces } = this.#job;
    const alternate = await this.#alternates?.file(index, entry, here);
    if (alternate === "done") return { kind: "done" };
    const partial = places.partial?.find(entry.path);
    if (here !== undefined && (await this.#options.check.isSame(entry, here))) {
      if (partial !== undefined && !transfer.dryRun) places.partial?.remove(entry.path);
      return { kind: "same" };
    }
    if (transfer.append && here !== undefined && here.size >= entry.size) return { kind: "done" };
    if (partial !== undefined) return { kind: "ask", basis: this.#ofPartial(entry, partial) };
    if (here !== undefined) return { kind: "ask", basis: await this.#ofBackup(entry, here) };
    const { pace } = this.#options;
    return { kind: "ask", basis: alternate ?? (await this.#fuzzy?.find(entry, pace)) };
  }

  /** What has come of a file that came wrong; undefined: what is at its name. */
  again(entry: FileEntry): BasisChoice | undefined {
    const partial = this.#job.places?.partial?.find(entry.path);
    return partial && this.#ofPartial(entry, partial);
  }

  #ofPartial({ path }: FileEntry, found: Found): BasisChoice | undefined {
    const location = this.#job.places?.partial?.location(path);
    return location && { type: basisTypes.partial, location, found };
  }

  /** A file that is written into, and of which a copy stays. */
  async #ofBackup({ path }: FileEntry, found: Found): Promise<BasisChoice | undefined> {
    const { transfer, places = noPlaces } = this.#job;
    if (places.backups === undefined || !isInPlace(transfer) || transfer.dryRun) return undefined;
    const location = await drain(places.backups.copy(path), this.#options.pace);
    return { type: basisTypes.backup, location, found };
  }
}
