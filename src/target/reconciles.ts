import type { ReconcileScope } from "../push/message.ts";
import type { ReconcileStatus } from "./status.ts";

/** The comparisons of one target: one runs at a time, and one may be wanted after it. */
export class Reconciles {
  #wanted: ReconcileScope | undefined;
  /** It goes on with one that broke off, whose scope is the wanted one. */
  #resumes = false;
  #running: ReconcileScope | undefined;
  #entries = 0;
  #bytes = 0;
  #expected: number | undefined;
  #completedAt: number | undefined;
  #revision = 0;

  /** One may begin. */
  get isDue(): boolean {
    return this.#wanted !== undefined && this.#running === undefined;
  }

  /** Grows whenever one is wanted, begun, or ended. */
  get revision(): number {
    return this.#revision;
  }

  /** What has been asked for and is not done, what runs included; undefined: nothing. */
  get owed(): ReconcileScope | undefined {
    if (this.#running === undefined) return this.#wanted;
    return this.#wanted === undefined ? this.#running : merge(this.#running, this.#wanted);
  }

  get status(): ReconcileStatus {
    const waits = this.#wanted === undefined ? "none" : "wanted";
    return {
      state: this.#running === undefined ? waits : "running",
      entries: this.#entries,
      bytes: this.#bytes,
      expected: this.#expected,
      completedAt: this.#completedAt,
    };
  }

  /** When the last one was complete before this process began, in ms since 1970. */
  remember(completedAt: number | undefined): void {
    this.#completedAt = completedAt;
  }

  want(scope: ReconcileScope): void {
    this.#revision += 1;
    this.#resumes = false;
    this.#wanted = this.#wanted === undefined ? scope : merge(this.#wanted, scope);
  }

  begin(): { readonly scope: ReconcileScope; readonly resumes: boolean } {
    const [scope, resumes] = [this.#wanted ?? { deletes: false }, this.#resumes];
    this.#wanted = undefined;
    this.#resumes = false;
    this.#running = scope;
    if (!resumes) this.progress(0, 0);
    return { scope, resumes };
  }

  progress(entries: number, bytes: number): void {
    this.#entries = entries;
    this.#bytes = bytes;
  }

  /** One that broke off is wanted again; alone, it goes on where it was. */
  end(brokeOff: boolean, now: number): void {
    this.#revision += 1;
    const scope = this.#running;
    this.#running = undefined;
    if (!brokeOff) {
      this.#completedAt = now;
      this.#expected = this.#entries;
    } else if (scope !== undefined) {
      this.#resumes = this.#wanted === undefined;
      this.#wanted = this.#wanted === undefined ? scope : merge(scope, this.#wanted);
    }
  }
}

/** One comparison that does what both would. */
function merge(one: ReconcileScope, other: ReconcileScope): ReconcileScope {
  const left = new Set(other.excludes);
  return {
    deletes: one.deletes || other.deletes,
    excludes: (one.excludes ?? []).filter((pattern) => left.has(pattern)),
    unguarded: Boolean(one.unguarded || other.unguarded),
  };
}
