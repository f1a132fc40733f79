import type { Area } from "../destination/area.ts";
import type { Location, Steps } from "../destination/location.ts";
import type { DestinationTree, Found } from "../destination/tree.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import { sortedNames } from "../flist/stepwise.ts";
import { type BytePath, baseName, joinPath, parentPath } from "../path.ts";
import { mostDistance, nameDistance } from "./name-distance.ts";
import { drain, type Pace } from "./pace.ts";
import { type BasisChoice, basisTypes } from "./receiving.ts";

/** Files of one directory that are looked at: each takes memory, and time for each that is missing. */
const mostCandidates = 100_000;

interface Candidate {
  readonly name: string;
  readonly found: Found;
  readonly location: Location;
  readonly type: number;
}

/** `--fuzzy`: finds a file beside a missing one that may once have been that file. */
export class FuzzySearch {
  readonly #tree: DestinationTree;
  readonly #alternates: readonly Area[];
  #directory: BytePath | undefined;
  #candidates: readonly Candidate[] = [];

  /** @param alternates that are looked through, too. */
  constructor(tree: DestinationTree, alternates: readonly Area[]) {
    this.#tree = tree;
    this.#alternates = alternates;
  }

  /** The file of the same size and time, else that of the most similar name. */
  async find(entry: FileEntry, pace: Pace): Promise<BasisChoice | undefined> {
    const directory = parentPath(entry.path);
    if (directory !== this.#directory) await drain(this.#look(directory), pace);
    const twin = this.#candidates.find(
      ({ found }) => found.size === entry.size && found.mtimeSeconds === entry.mtimeSeconds,
    );
    const best = twin ?? (await this.#nearest(baseName(entry.path), pace));
    if (best === undefined) return undefined;
    const { type, location, found, name } = best;
    return { type, location, found, name };
  }

  async #nearest(wanted: string, pace: Pace): Promise<Candidate | undefined> {
    let nearest: Candidate | undefined;
    let least = mostDistance;
    for (const candidate of this.#candidates) {
      pace.spend(candidate.name.length * wanted.length);
      if (pace.isDue) await pace.take();
      const distance = nameDistance(candidate.name, wanted, least);
      if (distance > least) continue;
      least = distance;
      nearest = candidate;
    }
    return nearest;
  }

  *#look(directory: BytePath): Steps<void> {
    this.#directory = directory;
    const places: Location[] = [{ tree: this.#tree, path: directory }];
    for (const area of this.#alternates) places.push(area.at(directory));
    const candidates: Candidate[] = [];
    for (const [at, place] of places.entries()) {
      yield* addCandidates(place, basisTypes.fuzzy + at, candidates);
    }
    this.#candidates = candidates;
  }
}

function* addCandidates(
  { tree, path: directory }: Location,
  type: number,
  to: Candidate[],
): Steps<void> {
  for (const name of yield* namesIn(tree, directory)) {
    if (to.length >= mostCandidates) return;
    yield undefined;
    const path = joinPath(directory, name);
    const found = tree.find(path);
    if (found === undefined || !isRegularFile(found) || found.size === 0) continue;
    to.push({ name, found, location: { tree, path }, type });
  }
}

function* namesIn(tree: DestinationTree, directory: BytePath): Steps<string[]> {
  try {
    const size = tree.find(directory)?.size ?? 0;
    return yield* sortedNames(yield* tree.nameSteps(directory, size));
  } catch {
    return []; // there is no such directory
  }
}
