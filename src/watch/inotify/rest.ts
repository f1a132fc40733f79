import type { BytePath } from "../../../protocol/index.ts";
import type { ChangeBatch } from "../batch.ts";
import type { EventSwitches } from "../events.ts";
import { Scanner } from "../poll/scan.ts";
import { Slices } from "../slices.ts";

/** What the rest of a tree is looked at by, and who is told. */
export interface RestOptions {
  readonly root: string;
  readonly events: EventSwitches;
  readonly excluded: (path: BytePath, isDirectory: boolean) => boolean;
  readonly report: (add: (batch: ChangeBatch) => void) => void;
  /** All of it has been looked at once more. */
  readonly onScanned: () => void;
}

/** The parts of a tree that no watch is left for: they are scanned from time to time. */
export class Rest {
  readonly #options: RestOptions;
  readonly #slices = new Slices();
  readonly #scanners = new Map<BytePath, Scanner>();
  readonly #queue = new Set<BytePath>();
  #isScanning = false;

  constructor(options: RestOptions) {
    this.#options = options;
  }

  /** Directories in these parts, as far as they have been scanned. */
  get directories(): number {
    return [...this.#scanners.values()].reduce((sum, { directories }) => sum + directories, 0);
  }

  /** Scans the trees at and below `tops`, and forgets all others; one that is new is reported whole. */
  async scan(tops: readonly BytePath[]): Promise<void> {
    const wanted = new Set(tops);
    for (const top of this.#scanners.keys()) if (!wanted.has(top)) this.#scanners.delete(top);
    await this.#scanAll(tops);
  }

  /** Scans those among the trees that have not been scanned yet. */
  async scanNew(tops: readonly BytePath[]): Promise<void> {
    await this.#scanAll(tops.filter((top) => !this.#scanners.has(top)));
  }

  close(): void {
    this.#slices.close();
  }

  async #scanAll(tops: readonly BytePath[]): Promise<void> {
    for (const top of tops) this.#queue.add(top);
    if (this.#isScanning) return;
    this.#isScanning = true;
    for (const top of this.#queue) {
      this.#queue.delete(top);
      await this.#scanOne(top);
    }
    this.#isScanning = false;
    if (!this.#slices.isClosed) this.#options.onScanned();
  }

  async #scanOne(top: BytePath): Promise<void> {
    if (this.#slices.isClosed) return;
    const known = this.#scanners.get(top);
    const scanner = known ?? this.#newScanner(top);
    await this.#slices.run(scanner.scan());
    if (known !== undefined || this.#slices.isClosed) return;
    this.#scanners.set(top, scanner);
    // Only now: what changes from here on differs from what was seen.
    this.#options.report((batch) => batch.tree(top));
  }

  #newScanner(start: BytePath): Scanner {
    return new Scanner({
      ...this.#options,
      start,
      report: (add) => {
        if (!this.#slices.isClosed) this.#options.report(add);
      },
      onUnreadable: () => {}, // told when it could not be watched
    });
  }
}
