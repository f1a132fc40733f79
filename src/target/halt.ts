import type { BytePath } from "../../protocol/index.ts";
import { type PendingPath, PendingSet } from "../pending/pending.ts";
import type { ReconcileScope } from "../push/message.ts";
import type { HaltStatus } from "./status.ts";

/** Whether the tree is back is looked at after a minute, then ever more rarely, at last hourly. */
const firstLookMs = 60_000;
const longestLookMs = 3_600_000;

/** Whether deletions are held back for one target, since when, and which. */
export class Halt {
  readonly #limit: number;
  #held: PendingSet;
  #reason: string | undefined;
  #since = 0;
  #scope: ReconcileScope | undefined;
  #lookMs = firstLookMs;
  #lookAt = Number.POSITIVE_INFINITY;
  #revision = 0;

  /** More held paths than `limit` are gathered into whole trees. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#held = new PendingSet({ limit });
  }

  get status(): HaltStatus | undefined {
    if (this.#reason === undefined) return undefined;
    return { reason: this.#reason, since: this.#since, held: this.#held.size };
  }

  get revision(): number {
    return this.#revision + this.#held.revision;
  }

  /** The comparison that found too much to delete; undefined: nothing is held back. */
  get scope(): ReconcileScope | undefined {
    return this.#scope;
  }

  /** When the tree should be looked at again; Infinity when nothing is held back. */
  get lookAt(): number {
    return this.#lookAt;
  }

  paths(): Iterable<PendingPath> {
    return this.#held.paths();
  }

  /** Returns false when deletions were held back already. */
  begin(reason: string, scope: ReconcileScope): boolean {
    const isNew = this.#reason === undefined;
    this.#reason = reason;
    this.#scope = { ...scope, deletes: scope.deletes || Boolean(this.#scope?.deletes) };
    this.#revision += 1;
    if (isNew) {
      this.#since = Date.now();
      this.#lookMs = firstLookMs;
    }
    this.#lookAt = performance.now() + this.#lookMs;
    return isNew;
  }

  /** Things change: the tree may be coming back. */
  stirred(now: number): void {
    this.#lookAt = Math.min(
      this.#lookAt,
      this.#reason === undefined ? Infinity : now + firstLookMs,
    );
  }

  /** True once when it is time to look whether the tree is back. */
  wantsLook(now: number): boolean {
    if (now < this.#lookAt) return false;
    this.#lookMs = Math.min(this.#lookMs * 2, longestLookMs);
    this.#lookAt = now + this.#lookMs;
    return true;
  }

  hold(path: BytePath, since: number): void {
    this.#held.add({ kind: "path", path }, since);
  }

  /** What was held back, when anything could have been; undefined when nothing was halted. */
  end(): readonly PendingPath[] | undefined {
    if (this.#reason === undefined) return undefined;
    const held = [...this.#held.paths()];
    this.#held = new PendingSet({ limit: this.#limit });
    this.#reason = undefined;
    this.#scope = undefined;
    this.#lookAt = Number.POSITIVE_INFINITY;
    this.#revision += held.length + 1;
    return held;
  }
}
