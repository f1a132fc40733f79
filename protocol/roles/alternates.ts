import { differences, sameType } from "../destination/attributes.ts";
import { copyFile, type Location } from "../destination/location.ts";
import { noPlaces } from "../destination/places.ts";
import { deviceNumber, type Found } from "../destination/tree.ts";
import { type FileEntry, isDirectory, isSymlink } from "../flist/entry.ts";
import { drain, type Pace } from "./pace.ts";
import type { QuickCheck } from "./quick-check.ts";
import type { BasisChoice, ReceivingJob } from "./receiving.ts";
import { itemFlags, type TellItem } from "./request.ts";

/** How much an object in an alternate directory has of an entry. */
const levels = { name: 1, content: 2, all: 3 } as const;

interface Match {
  readonly level: number;
  readonly number: number;
  readonly location: Location;
  readonly found: Found;
}

export interface AlternatesOptions {
  readonly check: QuickCheck;
  readonly pace: Pace;
  readonly tell: TellItem;
}

/** `--compare-dest`, `--copy-dest`, `--link-dest`: what others have need not be fetched. */
export class Alternates {
  readonly #job: ReceivingJob;
  readonly #options: AlternatesOptions;

  constructor(job: ReceivingJob, options: AlternatesOptions) {
    this.#job = job;
    this.#options = options;
  }

  get #how(): "compare" | "copy" | "link" {
    return this.#job.transfer.alternate?.how ?? "compare";
  }

  /** "done", a basis, or undefined where nobody has anything of a file. */
  async file(
    index: number,
    entry: FileEntry,
    here: Found | undefined,
  ): Promise<"done" | BasisChoice | undefined> {
    const match = await this.#bestFile(entry);
    if (match === undefined) return undefined;
    if (match.level === levels.all && this.#how !== "copy") {
      return this.#takeEqual(index, entry, match, here);
    }
    if (here !== undefined) return undefined;
    if (match.level >= levels.content) return this.#copy(index, entry, match);
    return { type: match.number, location: match.location, found: match.found };
  }

  /**
   * The same for what has no content: "done"; "told" where it is still to be made; or what is there
   * under its name.
   */
  object(index: number, entry: FileEntry): "done" | "told" | Found | undefined {
    const match = this.#bestObject(entry);
    if (match === undefined || match.level < levels.all) return match?.found;
    if (isDirectory(entry) || this.#how === "copy") {
      this.#options.tell(index, itemFlags.localChange);
      return "told";
    }
    if (this.#how === "compare") {
      this.#options.tell(index, 0);
      return "done";
    }
    return this.#link(index, entry, match) ? "done" : match.found;
  }

  async #bestFile(entry: FileEntry): Promise<Match | undefined> {
    const { check } = this.#options;
    let best: Match | undefined;
    for (const candidate of this.#candidates(entry)) {
      const { location, found } = candidate;
      const isSame = await check.isSame(entry, found, location);
      best = better(best, { ...candidate, level: this.#level(entry, candidate, isSame) });
      if (best.level === levels.all) break;
    }
    return best;
  }

  #bestObject(entry: FileEntry): Match | undefined {
    let best: Match | undefined;
    for (const candidate of this.#candidates(entry)) {
      const { location, found } = candidate;
      const isSame = isSameObject(entry, found, location);
      best = better(best, { ...candidate, level: this.#level(entry, candidate, isSame) });
      if (best.level === levels.all) break;
    }
    return best;
  }

  *#candidates(entry: FileEntry): Iterable<Omit<Match, "level">> {
    const { alternates } = this.#job.places ?? noPlaces;
    for (const [number, area] of alternates.entries()) {
      const location = area.at(entry.path);
      const found = location.tree.find(location.path);
      if (found !== undefined && sameType(found, entry)) yield { number, location, found };
    }
  }

  #level(entry: FileEntry, { found, location }: Omit<Match, "level">, isSame: boolean): number {
    if (!isSame) return levels.name;
    const { attributes, transfer } = this.#job;
    const hasTime = !isDirectory(entry) || !transfer.times || attributes.sameTime(entry, found);
    const isEqual =
      hasTime && (attributes.compare(entry, found, location) & ~differences.accessTime) === 0;
    return isEqual ? levels.all : levels.content;
  }

  /** A file that is equal there need not be here. */
  async #takeEqual(
    index: number,
    entry: FileEntry,
    match: Match,
    here: Found | undefined,
  ): Promise<"done" | undefined> {
    const { tree, transfer } = this.#job;
    if (this.#how === "link") {
      const { inode, device } = match.found;
      if (here?.inode === inode && here.device === device) return undefined;
      return this.#link(index, entry, match) ? "done" : this.#copy(index, entry, match);
    }
    if (here !== undefined && !transfer.dryRun) tree.removeFile(entry.path);
    this.#options.tell(index, 0);
    return "done";
  }

  /** False where the file system does not want to. */
  #link(index: number, { path }: FileEntry, { location }: Match): boolean {
    const { tree, transfer } = this.#job;
    try {
      if (!transfer.dryRun) tree.link(location.path, path, location.tree);
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (!unlinkable.has(code)) throw error;
      return false;
    }
    this.#options.tell(index, itemFlags.localChange, "");
    return true;
  }

  async #copy(index: number, entry: FileEntry, { location, found }: Match): Promise<"done"> {
    const { tree, transfer, attributes } = this.#job;
    if (!transfer.dryRun) {
      const copying = copyFile(location, { tree, path: entry.path }, (descriptor) =>
        attributes.applyOpen(descriptor, entry, undefined, location),
      );
      await drain(copying, this.#options.pace);
    }
    const time = transfer.times ? 0 : differences.time;
    this.#options.tell(
      index,
      itemFlags.localChange | attributes.compare(entry, found, location) | time,
    );
    return "done";
  }
}

const unlinkable: ReadonlySet<string> = new Set(["EXDEV", "EPERM", "EMLINK", "ENOTSUP"]);

function better(best: Match | undefined, match: Match): Match {
  return best !== undefined && best.level >= match.level ? best : match;
}

/** By what an object is, its attributes apart. */
function isSameObject(entry: FileEntry, found: Found, { tree, path }: Location): boolean {
  if (isSymlink(entry)) return tree.linkTarget(path) === entry.linkTarget;
  return entry.device === undefined || found.special === deviceNumber(entry);
}
