import type { StrongChecksum } from "../delta/checksum.ts";
import type { SumHead } from "../delta/sums.ts";
import type { Attributes } from "../destination/attributes.ts";
import type { Deleter } from "../destination/deleter.ts";
import type { Location } from "../destination/location.ts";
import type { Places } from "../destination/places.ts";
import type { DestinationTree, Found } from "../destination/tree.ts";
import type { FileEntry } from "../flist/entry.ts";
import type { Output } from "../mux/mux.ts";
import type { TransferOptions } from "../options.ts";
import type { BytePath } from "../path.ts";
import type { Dialect } from "./dialect.ts";
import type { IncomingLists } from "./incoming-lists.ts";
import type { ListIntake } from "./list-intake.ts";
import type { Item } from "./request.ts";
import type { Traffic } from "./traffic.ts";

/** What became of a file whose content was asked for. */
export type ReceiveOutcome =
  | { readonly kind: "received"; readonly bytes: number; readonly traffic?: Traffic }
  /** The sender has it no more, or cannot read it. */
  | { readonly kind: "not sent" }
  | { readonly kind: "failed"; readonly reason: string };

/** What a generator speaks through. */
export interface GeneratorLink {
  readonly output: Output;
  readonly dialect: Dialect;
  /** Lets other work run, and waits while the peer is slower than we are. */
  pace(): Promise<void>;
}

/** Told while a list is worked off. */
export interface ReceivingEvents {
  /** What is done with an entry; told in the list's order, where the sender echoes it. */
  item(index: number, item: Item): void;
  /** Content is coming. */
  opened(item: Item): void;
  /** So many bytes of the file that was opened last are here. */
  step(bytes: number): void;
  received(index: number, outcome: ReceiveOutcome): void;
  /** An entry that is no directory is as it should be, and no content had to come for it. */
  inPlace(index: number): void;
  /** Content that came, and content that was here. */
  content(literalBytes: number, matchedBytes: number): void;
  /** An entry that cannot be put in place, or a name that cannot be deleted. */
  failed(path: BytePath, reason: string): void;
  /** A line for the user, not about a failure. */
  told(text: string): void;
  /** `--max-delete` has spared so many objects. */
  deletionsStopped(skipped: number): void;
}

/** A list, where it goes, and how. */
export interface ReceivingJob {
  readonly lists: IncomingLists;
  /** Takes further lists, where they come in pieces. Default: there are none. */
  readonly intake?: ListIntake | undefined;
  readonly tree: DestinationTree;
  readonly transfer: TransferOptions;
  /** Default: files lie at their names only. */
  readonly places?: Places | undefined;
  /** A file in a partial directory may be completed where it is (compat bit 0x40). Default false. */
  readonly completesPartial?: boolean;
  readonly attributes: Attributes;
  readonly deleter: Deleter;
  readonly strong: StrongChecksum;
  readonly protocol: number;
  /** The sender hears how much was deleted: files, directories, symlinks, devices, specials. */
  readonly deleteStats?: (() => readonly number[]) | undefined;
  /** The sender is the daemon, which ends with statistics. Default true. */
  readonly hearsStats?: boolean;
  /** Items without content are sent, too, and what is as it should be. Default false. */
  readonly tellsAll?: boolean;
  /** Symlinks that `--safe-links` leaves out are told. Default true. */
  readonly tellsUnsafe?: boolean | undefined;
  /** The destination was made for this list. Default false. */
  readonly hasMadeRoot?: boolean | undefined;
  /** Could not the sender read everything? May change while files come. */
  readonly senderFailed: () => boolean;
  readonly events: ReceivingEvents;
}

/** A file whose content was asked for, and has not come yet. */
export interface Requested {
  readonly entry: FileEntry;
  /** What it replaces. */
  readonly found: Found | undefined;
  readonly head: SumHead;
  readonly isRedo: boolean;
  /** What the sums describe; default what it replaces. */
  readonly basis?: BasisChoice | undefined;
  /** `--append`: what is there stays, and only what follows is sent. */
  readonly appends?: boolean;
}

/** Which file the sums describe, as rsync numbers them (spec 2 §2.2). */
export const basisTypes = {
  /** And what follows, up to 0x7f: an alternate directory. */
  alternate: 0x00,
  destination: 0x80,
  partial: 0x81,
  backup: 0x82,
  /** And what follows: in an alternate directory. */
  fuzzy: 0x83,
} as const;

/** A file that stands in for what a file replaces. */
export interface BasisChoice {
  /** One of {@link basisTypes}. */
  readonly type: number;
  readonly location: Location;
  readonly found: Found;
  /** Of a file that has a similar name: its name, as a byte string. */
  readonly name?: string;
}

/** A file that is in place, or will not be. */
export interface Settled {
  readonly index: number;
  readonly inPlace: boolean;
}

const none: readonly Settled[] = [];

/** What generator and receiver of one session tell each other. */
export class Meeting {
  readonly requested: Map<number, Requested> = new Map();
  #phase = 0;
  #failure: unknown;
  #hasNews = false;
  #wake: (() => void) | undefined;
  #redo: number[] = [];
  #settled: Settled[] = [];

  /** A file is in place, or will not be. */
  settle(index: number, inPlace: boolean): void {
    this.#settled.push({ index, inPlace });
    this.tell();
  }

  /** A file came wrong, and is to be asked for again. */
  again(index: number): void {
    this.#redo.push(index);
    this.tell();
  }

  /** What was settled that the generator does not know of yet. */
  takeSettled(): readonly Settled[] {
    if (this.#settled.length === 0) return none;
    const settled = this.#settled;
    this.#settled = [];
    return settled;
  }

  /** What is to be asked for again. */
  takeRedo(): readonly number[] {
    const redo = this.#redo;
    this.#redo = [];
    return redo;
  }

  /** Something has happened: a list is here, say, or no further one comes. */
  tell(): void {
    this.#hasNews = true;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /**
   * Resolves when something has happened since it resolved last: also what came between a look at
   * what there is to do and this call.
   *
   * @throws why nothing will.
   */
  async news(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (!this.#hasNews) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#hasNews = false;
  }

  /** The sender has ended a phase. */
  advance(): void {
    this.#phase += 1;
    this.tell();
  }

  /** Nothing more will come. */
  fail(failure: unknown): void {
    this.#failure ??= failure;
    this.tell();
  }

  /** Resolves when the sender has ended so many phases. @throws why it will not. */
  async ended(phases: number): Promise<void> {
    while (this.#phase < phases) await this.news();
  }
}

/** An empty head: the whole file is wanted. */
export const noBasis: SumHead = { count: 0, blockLength: 0, strongLength: 0, remainder: 0 };
