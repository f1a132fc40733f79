import { basisLength } from "../delta/sums.ts";
import { IncomingFile, type Staging } from "../destination/incoming.ts";
import type { Times } from "../destination/libc.ts";
import { type Location, moveFile, type Steps } from "../destination/location.ts";
import { noPlaces } from "../destination/places.ts";
import type { DestinationTree } from "../destination/tree.ts";
import { isRegularFile } from "../flist/entry.ts";
import { basisTypes, type ReceivingJob, type Requested } from "./receiving.ts";
import type { Traffic } from "./traffic.ts";

/** A file that waits for the end (`--delay-updates`). */
export interface Delayed {
  readonly index: number;
  readonly requested: Requested;
  readonly bytes: number;
  readonly traffic: Traffic;
}

const longAgo: Times = { mtimeSeconds: 0, mtimeNanoseconds: 0 };

/** Decides where content is written, and brings files to their names. */
export class Placing {
  readonly #job: ReceivingJob;

  constructor(job: ReceivingJob) {
    this.#job = job;
  }

  /** The file that takes the content. */
  open(requested: Requested, staging: Staging): IncomingFile {
    const { tree, transfer, strong, places = noPlaces } = this.#job;
    const { entry, head, appends } = requested;
    const { sparse, fsync, preallocate } = transfer;
    return new IncomingFile(tree, entry.path, strong, staging, {
      writesTo: this.#writesTo(requested),
      area: places.temporary,
      start: appends ? basisLength(head) : 0,
      sparse,
      fsync,
      reserves: preallocate ? entry.size : 0,
    });
  }

  /** True when blocks of the basis may be in their place already. */
  writesIntoBasis({ basis }: Requested): boolean {
    const { transfer } = this.#job;
    if (basis === undefined || basis.type === basisTypes.backup) return isInPlace(transfer);
    return basis.type === basisTypes.partial && this.#completesPartial;
  }

  get #completesPartial(): boolean {
    return this.#job.completesPartial === true && !isInPlace(this.#job.transfer);
  }

  #writesTo({ entry, basis }: Requested): Location | undefined {
    const { tree, transfer } = this.#job;
    if (isInPlace(transfer)) return { tree, path: entry.path };
    if (basis?.type !== basisTypes.partial || !this.#completesPartial) return undefined;
    return basis.location;
  }

  /** Brings a complete file to its name; "delayed": to where it waits. */
  *put(incoming: IncomingFile, requested: Requested): Steps<"in place" | "delayed"> {
    const { tree, attributes, transfer, places = noPlaces } = this.#job;
    const { entry, found, basis } = requested;
    const replaced = found !== undefined && isRegularFile(found) ? found : undefined;
    const compared = comparedTo(requested, tree);
    const from = incoming.complete((open) => attributes.applyOpen(open, entry, replaced, compared));
    const isThere = from.tree === tree && from.path === entry.path;
    if (transfer.delayUpdates && places.partial !== undefined) {
      const wait = places.partial.prepare(entry.path);
      if (from.tree !== wait.tree || from.path !== wait.path) yield* moveFile(from, wait);
      incoming.settle();
      return "delayed";
    }
    if (!isThere) {
      if (places.backups) yield* places.backups.keep(entry.path);
      yield* moveFile(from, { tree, path: entry.path });
    }
    incoming.settle();
    if (basis?.type === basisTypes.partial) places.partial?.remove(entry.path);
    return "in place";
  }

  /** Brings a file to its name that has waited for the end. */
  *release({ entry }: Requested): Steps<void> {
    const { tree, places = noPlaces } = this.#job;
    if (places.partial === undefined) return;
    const wait = places.partial.location(entry.path);
    if (places.backups) yield* places.backups.keep(entry.path);
    yield* moveFile(wait, { tree, path: entry.path });
    places.partial.removeDirectory(entry.path);
  }

  /** Keeps what has come of a file whose session ends early. */
  keepPart(incoming: IncomingFile, { entry }: Requested): void {
    const { tree, transfer, places = noPlaces } = this.#job;
    const { partial } = places;
    const keeps = isInPlace(transfer) || partial !== undefined || transfer.partial;
    if (!keeps) {
      incoming.discard();
      return;
    }
    incoming.discard((from, descriptor) => {
      const to = partial?.prepare(entry.path) ?? { tree, path: entry.path };
      // Under its own name it must not look complete.
      if (partial === undefined) tree.setOpenTime(descriptor, longAgo);
      for (const _ of moveFile(from, to));
    });
  }

  /** Keeps, or forgets, content that is wrong. */
  keepWrong(incoming: IncomingFile, requested: Requested): void {
    const { transfer, places = noPlaces } = this.#job;
    if (isInPlace(transfer) || places.partial !== undefined) this.keepPart(incoming, requested);
    else incoming.discard();
  }
}

/**
 * What an entry was compared with when its content was asked for: what is not at its own name there
 * need not come. Undefined: with nothing.
 */
export function comparedTo(
  { entry, found, basis }: Pick<Requested, "entry" | "found" | "basis">,
  tree: DestinationTree,
): Location | undefined {
  const isElsewhere = basis !== undefined && basis.type < basisTypes.destination;
  const compared = isElsewhere ? basis.found : found;
  if (compared === undefined || !isRegularFile(compared)) return undefined;
  return isElsewhere ? basis.location : { tree, path: entry.path };
}

/** Files are written to where they lie. */
export function isInPlace({
  inplace,
  append,
}: {
  readonly inplace?: boolean | undefined;
  readonly append?: unknown;
}): boolean {
  return inplace === true || Boolean(append);
}
