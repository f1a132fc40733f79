import { lstatSync } from "node:fs";
import { type BytePath, nativePath } from "../../../protocol/index.ts";
import type { ChangeBatch } from "../batch.ts";
import type { EventSwitches } from "../events.ts";
import type { Doubts } from "./doubts.ts";
import { type Departure, Moves } from "./moves.ts";
import { noSlot, type Slot, type WatchTable } from "./table.ts";
import { Unclosed } from "./unclosed.ts";
import { tentative, type Walker } from "./walker.ts";

/** The two halves of an exchange follow each other, but for what other processors did meanwhile. */
const recentRenames = 16;

/** What renames are carried out in, and who hears of them. */
export interface RenamesOptions {
  readonly root: string;
  readonly events: EventSwitches;
  readonly table: WatchTable;
  readonly walker: Walker;
  readonly doubts: Doubts;
  readonly batch: ChangeBatch;
  /** Undefined where nothing is excluded: then a renamed directory needs no second look. */
  readonly excluded: ((path: BytePath, isDirectory: boolean) => boolean) | undefined;
}

/** The name an event speaks of. */
export interface Entry {
  readonly parent: Slot;
  readonly name: string;
  readonly path: BytePath;
  /** Equal for the two halves of a move. */
  readonly cookie: number;
}

/** Pairs the two halves of moves and carries them out in the watch table. */
export class Renames {
  readonly unclosed: Unclosed;
  readonly #moves: Moves = new Moves();
  readonly #options: RenamesOptions;
  /** The last renames, "from NUL to". */
  readonly #recent: string[] = [];

  constructor(options: RenamesOptions) {
    this.#options = options;
    this.unclosed = new Unclosed(options.root);
  }

  /** True while a first half waits for its second. */
  get isWaiting(): boolean {
    return !this.#moves.isEmpty;
  }

  /** Gives up waiting for the other half of the moves read before `beforeMs`. */
  expire(beforeMs: number): void {
    for (const departure of this.#moves.expire(beforeMs)) this.#gone(departure);
  }

  /** Reads the first half: the name is free from now on. */
  depart({ parent, name, path, cookie }: Entry, isDirectory: boolean): void {
    const { table, walker } = this.#options;
    // A waiting departure keeps its path: it must not outlive the renaming of a directory above it.
    if (isDirectory) this.expire(Number.POSITIVE_INFINITY);
    const slot = isDirectory ? table.find(parent, name) : noSlot;
    const wasUnclosed = this.unclosed.forget(path);
    const wasUnreported = wasUnclosed || walker.isUnreported(slot === noSlot ? parent : slot);
    if (slot !== noSlot) table.moveAway(slot);
    const atMs = performance.now();
    this.#moves.depart(cookie, {
      from: path,
      parent,
      name,
      isDirectory,
      slot,
      atMs,
      wasUnreported,
    });
  }

  /** Reads the second half, or an arrival from outside the tree. */
  arrive(entry: Entry, isDirectory: boolean): void {
    const departure = this.#moves.arrive(entry.cookie);
    if (departure && isDirectory && departure.slot !== noSlot) {
      this.#renameDirectory(departure, entry);
    } else if (departure && !isDirectory) {
      this.#renameFile(departure, entry);
    } else {
      if (departure) this.#gone(departure);
      this.#arriveFromOutside(entry, isDirectory);
    }
  }

  /** Reads a second half that leads to a name that does not count. */
  arriveNowhere(cookie: number): void {
    const departure = this.#moves.arrive(cookie);
    if (departure) this.#gone(departure);
  }

  /** Reads an event inside a directory that has departed and not arrived yet. */
  changeOnItsWay(parent: Slot, name: string, cookie: number): void {
    const { table, walker } = this.#options;
    this.#moves.touch();
    this.arriveNowhere(cookie);
    // Whatever it was, it is looked at anew when the directory arrives.
    const slot = table.find(parent, name);
    if (slot !== noSlot) walker.drop(slot);
  }

  #gone(departure: Departure): void {
    const { events, batch, walker } = this.#options;
    const { from, isDirectory, slot } = departure;
    if (slot !== noSlot) walker.drop(slot);
    if (events.moveFrom) batch.gone(from, isDirectory);
    if (this.#mayExist(departure)) this.#lookBack(departure);
  }

  #arriveFromOutside({ parent, name, path }: Entry, isDirectory: boolean): void {
    const { events, table, walker, batch } = this.#options;
    if (!isDirectory) {
      if (events.moveTo) batch.path(path);
      return;
    }
    const replaced = table.find(parent, name);
    if (replaced !== noSlot) walker.drop(replaced);
    walker.start({ top: table.add(parent, name), report: events.moveTo ? "tree" : "nothing" });
  }

  #renameFile(departure: Departure, { path }: Entry): void {
    const { batch } = this.#options;
    this.#report(departure, path);
    const wasExchanged = this.#turnsBack(departure, path) || this.#mayExist(departure);
    if (departure.wasUnreported) batch.path(path);
    if (wasExchanged) this.#lookBack(departure);
  }

  #renameDirectory(departure: Departure, { parent, name, path }: Entry): void {
    const { table, walker } = this.#options;
    const replaced = table.find(parent, name);
    if (replaced !== noSlot) walker.drop(replaced);
    table.move(departure.slot, parent, name);
    this.unclosed.rename(departure.from, path);
    this.#report(departure, path);
    const wasExchanged = this.#turnsBack(departure, path) || this.#mayExist(departure);
    if (wasExchanged) this.#lookBack(departure);
    this.#lookAgain(departure, wasExchanged || replaced !== noSlot);
  }

  /** Visits what cannot be relied on below a directory that just got its new name. */
  #lookAgain({ slot, wasUnreported }: Departure, wasReplacing: boolean): void {
    const { table, walker, doubts, excluded } = this.#options;
    const stack = doubts.select((doubtful) => table.isWithin(doubtful, slot));
    if (this.#moves.wasTouched) {
      walker.start({ top: slot, report: "tree", isDeep: true });
    } else if (stack.length > 0 || wasReplacing || wasUnreported) {
      stack.push(slot);
      walker.start({ top: slot, report: "tree", stack });
    }
    // Rules may speak of whole paths: what they say of the content may have changed with it.
    if (excluded) walker.start({ top: slot, report: "nothing", isDeep: true });
  }

  /**
   * Looks at what stands where something has left: another took its place meanwhile, or two names
   * were exchanged in one step, of which no event tells.
   *
   * By slot, not by path: a directory above may have been renamed by an event not read yet.
   */
  #lookBack({ parent, name, from }: Departure): void {
    const { table, walker, batch } = this.#options;
    batch.path(from);
    if (!table.isUsed(parent)) return;
    const known = table.find(parent, name);
    const top = known === noSlot ? table.add(parent, name) : known;
    if (known === noSlot) table.setFlag(top, tentative, true);
    walker.start({ top, report: "tree" });
  }

  /**
   * True when a rename undoes one just before it. So does the second half of an exchange, after which
   * there is something under both names; what is there now may have been moved on since.
   */
  #turnsBack({ from }: Departure, to: BytePath): boolean {
    const isReverse = this.#recent.includes(`${to}\0${from}`);
    this.#recent.push(`${from}\0${to}`);
    if (this.#recent.length > recentRenames) this.#recent.shift();
    return isReverse;
  }

  /** False when a name is certainly free. */
  #mayExist({ parent, from }: Departure): boolean {
    const { root, walker } = this.#options;
    try {
      const found = lstatSync(nativePath(root, from), { throwIfNoEntry: false });
      // Nothing there says nothing when the directory above is somewhere else by now.
      return found !== undefined || !walker.isStillWatched(parent);
    } catch {
      return true;
    }
  }

  #report({ from, isDirectory }: Departure, to: BytePath): void {
    const { events, batch } = this.#options;
    if (events.moveFrom && events.moveTo) batch.renamed(from, to, isDirectory);
    else if (events.moveFrom) batch.gone(from, isDirectory);
    else if (events.moveTo && isDirectory) batch.tree(to);
    else if (events.moveTo) batch.path(to);
  }
}
