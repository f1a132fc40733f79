import type { BytePath } from "../path.ts";
import { compilePattern, type PatternMatch } from "./pattern.ts";

/** What a sender was asked for. */
export interface NameRequest {
  /** Byte strings, as a sender splits them: what ends in `/` is the content of a directory. */
  readonly places: readonly string[];
  /** `*`, `?`, `[` and the backslash mean something in them. Default false. */
  readonly wildcards?: boolean;
  /** `-R`: whole paths are names, but for what is before `/./`. Default false. */
  readonly relative?: boolean;
  /** What of a directory is listed: all below it, what is directly in it, or only itself. */
  readonly depth: "tree" | "content" | "name";
}

/**
 * Says which names a sender may list (spec 1 §7): those it was asked for, what is in them, and with
 * `-R` the directories on the way to them.
 *
 * @returns undefined where that is every name.
 */
export function wantedNames(request: NameRequest): PatternMatch | undefined {
  const { places, wildcards = false, relative = false, depth } = request;
  const known = new KnownNames(depth);
  const patterns: PlacePattern[] = [];
  for (const place of places) {
    const names = namesOf(place, relative);
    if (names.length === 0 && depth === "tree") return undefined;
    if (wildcards && /[*?[\\]/.test(place)) patterns.push(new PlacePattern(names, depth));
    else known.add(names);
  }
  return (path, isDirectory) =>
    path === "" ||
    known.has(path, isDirectory) ||
    patterns.some((pattern) => pattern.matches(path, isDirectory));
}

/** The names below the destination that a place leads to; none: its content lies there. */
function namesOf(place: string, relative: boolean): string[] {
  if (!relative) {
    const name = place.slice(place.lastIndexOf("/") + 1);
    return name === "" || name === "." || name === ".." ? [] : [name];
  }
  const top = place.indexOf("/./");
  const names: string[] = [];
  for (const name of place.slice(top < 0 ? 0 : top + 3).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

/** Names without any pattern: there may be very many. */
class KnownNames {
  readonly #depth: NameRequest["depth"];
  readonly #asked = new Set<string>();
  readonly #onTheWay = new Set<string>();
  /** The directory that was asked about last: names of one come one after the other. */
  #last = { path: "", isWanted: false };

  constructor(depth: NameRequest["depth"]) {
    this.#depth = depth;
  }

  add(names: readonly string[]): void {
    let path = names.join("/");
    this.#asked.add(path);
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/")) {
      path = path.slice(0, slash);
      if (this.#onTheWay.has(path)) break;
      this.#onTheWay.add(path);
    }
  }

  has(path: string, isDirectory: boolean): boolean {
    if (this.#asked.has(path) || (isDirectory && this.#onTheWay.has(path))) return true;
    if (this.#depth === "name") return false;
    const directory = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    return this.#depth === "content" ? this.#asked.has(directory) : this.#isInTree(directory);
  }

  #isInTree(directory: string): boolean {
    if (directory !== this.#last.path) {
      let isWanted = false;
      for (let path = directory; path !== "" && !isWanted; ) {
        isWanted = this.#asked.has(path);
        path = path.slice(0, Math.max(0, path.lastIndexOf("/")));
      }
      this.#last = { path: directory, isWanted };
    }
    return this.#last.isWanted;
  }
}

/** One place whose names are patterns. */
class PlacePattern {
  readonly #names: readonly ((name: string) => boolean)[];
  readonly #deepest: number;

  constructor(names: readonly string[], depth: NameRequest["depth"]) {
    this.#names = names.map(nameMatch);
    this.#deepest =
      depth === "tree" ? Number.POSITIVE_INFINITY : names.length + (depth === "content" ? 1 : 0);
  }

  matches(path: string, isDirectory: boolean): boolean {
    const names = path.split("/");
    if (names.length > this.#deepest) return false;
    if (names.length < this.#names.length && !isDirectory) return false;
    return this.#names.every((isMeant, at) => at >= names.length || isMeant(names[at] as string));
  }
}

/** A pattern that nothing matches stands for itself, with or without its backslashes. */
function nameMatch(pattern: string): (name: string) => boolean {
  const plain = pattern.replaceAll(/\\([\s\S])/g, "$1");
  if (!/[*?[]/.test(pattern)) return (name) => name === pattern || name === plain;
  // Several stars mean more than one only where they may stand for a slash.
  const single = pattern.replaceAll(/(\\[\s\S])|\*+/g, (_, escaped?: string) => escaped ?? "*");
  const matches = compilePattern(`/${single}`);
  return (name) => name === pattern || name === plain || matches(name as BytePath, false);
}
