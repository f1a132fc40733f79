import type { Area } from "../destination/area.ts";
import type { Location } from "../destination/location.ts";
import type { DestinationTree, Found } from "../destination/tree.ts";
import { type FileEntry, isRegularFile } from "../flist/entry.ts";
import { type BytePath, baseName, joinPath, parentPath } from "../path.ts";
import { mostDistance, nameDistance } from "./name-distance.ts";
import type { Pace } from "./pace.ts";
import { type BasisChoice, basisTypes } from "./receiving.ts";

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
    if (directory !== this.#directory) this.#look(directory);
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

  #look(directory: BytePath): void {
    this.#directory = directory;
    const places: Location[] = [{ tree: this.#tree, path: directory }];
    for (const area of this.#alternates) places.push(area.at(directory));
    this.#candidates = places.flatMap((place, at) => candidatesIn(place, basisTypes.fuzzy + at));
  }
}

function candidatesIn({ tree, path: directory }: Location, type: number): Candidate[] {
  const candidates: Candidate[] = [];
  let names: string[];
  try {
    names = tree.names(directory).sort();
  } catch {
    return []; // there is no such directory
  }
  for (const name of names) {
    const path = joinPath(directory, name);
    const found = tree.find(path);
    if (found === undefined || !isRegularFile(found) || found.size === 0) continue;
    candidates.push({ name, found, location: { tree, path }, type });
  }
  return candidates;
}
