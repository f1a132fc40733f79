import { sameType } from "../destination/attributes.ts";
import type { Found } from "../destination/tree.ts";
import { type FileEntry, isDirectory } from "../flist/entry.ts";
import type { BytePath } from "../path.ts";
import type { IncomingList } from "./incoming-lists.ts";
import type { ReceivingJob } from "./receiving.ts";
import { itemFlags, type TellItem } from "./request.ts";

interface Group {
  readonly leader: number;
  readonly path: BytePath;
  /** Undefined while the leader is not settled. */
  inPlace: boolean | undefined;
  readonly waiting: { readonly index: number; readonly entry: FileEntry }[];
}

/** `-H`: of an object's names one is put in place, the others are linked to it (spec 2 §6.4). */
export class LinkGroups {
  readonly #job: ReceivingJob;
  readonly #tell: TellItem;
  readonly #groups = new Map<number, Group>();
  readonly #led = new Map<number, Group>();
  /** Of the list that was asked about last. */
  #members: { readonly list: IncomingList; readonly of: Map<number, number[]> } | undefined;

  constructor(job: ReceivingJob, tell: TellItem) {
    this.#job = job;
    this.#tell = tell;
  }

  /** True for a further name, which is taken care of here; it may have to wait. */
  defers(index: number, entry: FileEntry, found: Found | undefined): boolean {
    const { linkGroup } = entry;
    if (linkGroup === undefined || isDirectory(entry)) return false;
    if (found !== undefined && isDirectory(found)) return false; // somebody must make way first
    const known = this.#groups.get(linkGroup);
    const isOver = known?.inPlace === false && this.#job.lists.isIncremental;
    const group =
      known === undefined || isOver ? this.#open(linkGroup, index, entry, found) : known;
    if (group.leader === index) return false;
    if (group.inPlace === undefined) {
      group.waiting.push({ index, entry });
      this.#job.lists.wait(index);
    } else {
      this.#finish(group, index, entry);
    }
    return true;
  }

  /**
   * The first name that is met leads, unless it is not as it should be and another one is: then
   * nothing has to come. So a file that got a new name is linked to the old one (spec 3 §2).
   */
  #open(linkGroup: number, index: number, entry: FileEntry, found: Found | undefined): Group {
    const isHere = this.#isSame(entry, found);
    const leader = isHere ? index : (this.#namesOf(linkGroup, index).find(this.#isAt) ?? index);
    const { path } = this.#job.lists.entry(leader) as FileEntry;
    const group: Group = { leader, path, inPlace: undefined, waiting: [] };
    this.#groups.set(linkGroup, group);
    this.#led.set(leader, group);
    return group;
  }

  readonly #isAt = (index: number): boolean => {
    const entry = this.#job.lists.entry(index) as FileEntry;
    return this.#isSame(entry, this.#job.tree.find(entry.path));
  };

  #isSame(entry: FileEntry, found: Found | undefined): boolean {
    const { attributes, transfer } = this.#job;
    // What is passed over leads nobody.
    if (found === undefined || transfer.ignoreTimes || transfer.ignoreExisting) return false;
    if (!sameType(found, entry)) return false;
    return found.size === entry.size && attributes.sameTime(entry, found);
  }

  /** The numbers of an object's names in the list that has `index`. */
  #namesOf(linkGroup: number, index: number): readonly number[] {
    const list = this.#job.lists.list(index);
    if (list === undefined) return [];
    if (this.#members?.list !== list) this.#members = { list, of: membersIn(list) };
    return this.#members.of.get(linkGroup) ?? [];
  }

  /** An entry is in place, or will not be: those that wait for it go on. */
  settled(index: number, inPlace: boolean): void {
    const group = this.#led.get(index);
    if (group === undefined || group.inPlace !== undefined) return;
    group.inPlace = inPlace;
    this.#led.delete(index);
    for (const { index: later, entry } of group.waiting.splice(0)) {
      this.#finish(group, later, entry);
      this.#job.lists.settle(later);
    }
  }

  #finish(group: Group, index: number, entry: FileEntry): void {
    if (!group.inPlace) {
      this.#job.events.failed(entry.path, "the file that it is a name of is not in place");
      return;
    }
    try {
      this.#link(group.path, index, entry);
    } catch (error) {
      this.#job.events.failed(entry.path, (error as Error).message);
    }
  }

  #link(leader: BytePath, index: number, entry: FileEntry): void {
    const { tree, transfer, events, places } = this.#job;
    const first = tree.find(leader);
    const found = tree.find(entry.path);
    const isLinked =
      first !== undefined && first.inode === found?.inode && first.device === found.device;
    if (isLinked) this.#tell(index, itemFlags.localChange, "");
    else {
      const isNew = found === undefined ? itemFlags.isNew : 0;
      this.#tell(index, itemFlags.localChange | isNew, leader);
      if (!transfer.dryRun) {
        if (places?.backups) for (const _ of places.backups.keep(entry.path));
        tree.link(leader, entry.path);
      }
    }
    if (!transfer.dryRun) events.inPlace(index);
  }
}

function membersIn({ first, entries }: IncomingList): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const [at, entry] of entries.entries()) {
    if (entry?.linkGroup === undefined || isDirectory(entry)) continue;
    const members = groups.get(entry.linkGroup);
    if (members === undefined) groups.set(entry.linkGroup, [first + at]);
    else members.push(first + at);
  }
  return groups;
}
