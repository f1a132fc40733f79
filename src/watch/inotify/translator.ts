import { type BytePath, joinPath, rootPath } from "../../../protocol/index.ts";
import { inMask } from "./kernel.ts";
import { type Entry, Renames, type RenamesOptions } from "./renames.ts";
import { noSlot, rootSlot, type Slot } from "./table.ts";
import { announced, unwatchable } from "./walker.ts";

/** What a translator works on and whom it tells. */
export interface TranslatorOptions extends RenamesOptions {
  /** The kernel dropped events. */
  readonly onOverflow: () => void;
  /** Something happened to the root itself or to a mount. */
  readonly onRootTouched: () => void;
}

const rootBits = inMask.unmount | inMask.deleteSelf | inMask.moveSelf;

/** Turns kernel events into changes, and keeps the watch table in step with them. */
export class Translator {
  readonly renames: Renames;
  readonly #options: TranslatorOptions;

  constructor(options: TranslatorOptions) {
    this.#options = options;
    this.renames = new Renames(options);
  }

  /** Takes one event; the arguments are those of an inotify record. */
  record(wd: number, mask: number, cookie: number, name: string): void {
    const { table, onOverflow, onRootTouched } = this.#options;
    if (mask & inMask.overflow) onOverflow();
    if (mask & rootBits) onRootTouched();
    // No directory: its watch was removed while the event waited, and what was to be said of it said.
    for (const slot of table.slotsOf(wd)) {
      if (mask & inMask.ignored) this.#loseWatch(slot);
      else if (name !== "") this.#entry(slot, mask, cookie, name);
      else if (slot === rootSlot) this.#ownAttributes(mask);
    }
  }

  /** Reports new files whose close will not come, as far as that can be told now. */
  reportUnclosed(): void {
    const { unclosed } = this.renames;
    for (const path of unclosed.takeComplete()) this.#options.batch.path(path);
    for (const path of unclosed.takeSilent()) this.#options.batch.path(path);
  }

  #loseWatch(slot: Slot): void {
    const { table, walker, onRootTouched } = this.#options;
    table.detach(slot);
    if (slot === rootSlot) onRootTouched();
    else walker.miss(slot); // until the event of its removal has been read
  }

  #ownAttributes(mask: number): void {
    if (mask & inMask.attrib) this.#options.batch.path(rootPath);
  }

  #entry(parent: Slot, mask: number, cookie: number, name: string): void {
    const { table, excluded } = this.#options;
    if (!table.isUsed(parent)) return; // removed by the same event under its other name
    const above = table.path(parent);
    if (above === undefined) {
      this.renames.changeOnItsWay(parent, name, cookie);
      return;
    }
    const path = joinPath(above, name);
    if (!excluded?.(path, (mask & inMask.isDir) !== 0)) {
      this.#counted({ parent, name, path, cookie }, mask);
    } else if (mask & inMask.movedTo) this.renames.arriveNowhere(cookie);
  }

  #counted(entry: Entry, mask: number): void {
    const isDirectory = (mask & inMask.isDir) !== 0;
    if (mask & inMask.movedFrom) this.renames.depart(entry, isDirectory);
    else if (mask & inMask.movedTo) this.renames.arrive(entry, isDirectory);
    else if (isDirectory) this.#directory(entry, mask);
    else if (mask & inMask.create) this.#fileCreated(entry.path);
    else this.#file(entry.path, mask);
  }

  #file(path: BytePath, mask: number): void {
    const { events, batch } = this.#options;
    this.renames.unclosed.forget(path);
    if (mask & inMask.delete) {
      if (events.delete) batch.gone(path, false);
    } else batch.path(path); // the mask asks only for what is switched on
  }

  #fileCreated(path: BytePath): void {
    const { events, batch } = this.#options;
    if (events.createFile) batch.path(path);
    else if (events.closeWrite) this.renames.unclosed.add(path);
  }

  #directory({ parent, name, path }: Entry, mask: number): void {
    const { events, table, walker, batch } = this.#options;
    const slot = table.find(parent, name);
    if (mask & inMask.create) this.#directoryCreated(parent, name, slot);
    else if (mask & inMask.delete) {
      if (slot !== noSlot) walker.drop(slot);
      if (events.delete) batch.gone(path, true);
    } else {
      batch.path(path);
      // It may be let in now.
      if (slot !== noSlot && table.hasFlag(slot, unwatchable)) {
        walker.start({ top: slot, report: "tree" });
      }
    }
  }

  #directoryCreated(parent: Slot, name: string, known: Slot): void {
    const { events, table, walker } = this.#options;
    // Found by a listing before this event was read, and reported then.
    const isKnown = known !== noSlot && walker.isStillWatched(known);
    if (isKnown && table.hasFlag(known, announced)) return;
    const top = known === noSlot ? table.add(parent, name) : known;
    walker.start({ top, report: events.createFolder ? "tree" : "files" });
  }
}
