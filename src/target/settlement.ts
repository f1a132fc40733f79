import type { BytePath } from "../../protocol/index.ts";
import type { PendingPath, PendingSet } from "../pending/pending.ts";
import type { Delivery } from "../push/delivery.ts";
import type { JobFailure, PathFailure } from "../push/message.ts";
import type { JobListener } from "../push/threads.ts";
import type { Halt } from "./halt.ts";
import type { TargetEvents } from "./options.ts";
import { isDiskFull, type Outage } from "./outage.ts";
import {
  breakDelay,
  changingBackoff,
  conflictBackoff,
  isConflict,
  refusalDelay,
  retryDelay,
} from "./retry.ts";
import type { Tally } from "./tally.ts";

/** What is known of one target, and who is told when that changes. */
export interface Books {
  readonly pending: PendingSet;
  readonly halt: Halt;
  readonly outage: Outage;
  readonly tally: Tally;
  readonly events: TargetEvents;
  /** A path refused `patience` times is tried every `retryMs`. */
  readonly patience: number;
  readonly retryMs: number;
  /** True while nothing is under way. */
  isIdle(): boolean;
  isUp(): void;
  isDown(failure: JobFailure): void;
  /** There may be something to begin with. */
  pump(): void;
}

/** Settles the paths of one job one by one; those that stay in `paths` are not settled yet. */
export class Settlement {
  readonly #books: Books;
  readonly #paths: Map<BytePath, PendingPath>;
  /** It was asked for one path, or for a pair of names. */
  readonly #isSingle: boolean;
  readonly #started: number;

  /** `started`: how old a path counts that nobody had asked for. */
  constructor(
    books: Books,
    paths: Map<BytePath, PendingPath> = new Map(),
    started: number = performance.now(),
  ) {
    this.#books = books;
    this.#paths = paths;
    const unpaired = [...paths.values()].filter(({ renamedFrom }) => renamedFrom === undefined);
    this.#isSingle = unpaired.length === 1;
    this.#started = started;
  }

  /** What is told while the job runs. */
  get listener(): Omit<JobListener, "finished"> {
    return {
      delivered: (deliveries) => this.#delivered(deliveries),
      failed: (failures) => this.#failed(failures),
      again: (paths) => this.#again(paths),
      freed: (paths) => this.#freed(paths),
      held: (paths) => this.#held(paths),
    };
  }

  /**
   * The job is over: what was not spoken of is to be done again.
   *
   * @returns what is wrong with the target; undefined: nothing, as far as this job tells.
   */
  close(failure: JobFailure | undefined): JobFailure | undefined {
    const { code, message = "nothing was heard of it" } = failure ?? {};
    this.#books.events.stepped("job ended", { unsettled: this.#paths.size, code });
    // A fault of ours that comes with one of them must not hold up all others.
    const isOwn = code === "INTERNAL" && this.#isSingle;
    const isTargets = failure !== undefined && !isOwn;
    const [reason = ""] = message.split("\n");
    for (const path of this.#paths.keys()) {
      if (isTargets) this.#books.pending.again(path);
      else this.#refuse({ path, reason });
    }
    return isTargets ? failure : undefined;
  }

  #delivered(deliveries: readonly Delivery[]): void {
    const { pending, outage, tally, events } = this.#books;
    const now = performance.now();
    if (deliveries.some(({ kind, bytes }) => outage.isEndedBy(kind, bytes))) this.#books.isUp();
    for (const delivery of deliveries) {
      const { path, kind, bytes } = delivery;
      const since = this.#paths.get(path)?.since ?? this.#started;
      const wasAsked = this.#paths.delete(path);
      if (wasAsked) pending.delivered(path);
      if (kind === "nothing") continue;
      pending.hurryAbove(path);
      tally.delivered(bytes);
      events.delivered(delivery, now - since, wasAsked);
    }
    this.#books.pump();
  }

  #failed(failures: readonly PathFailure[]): void {
    for (const failure of failures) {
      if (isDiskFull(failure.reason)) this.#wait(failure);
      else this.#refuse(failure);
    }
  }

  #again(paths: readonly BytePath[]): void {
    const { pending } = this.#books;
    const now = performance.now();
    for (const path of paths) {
      const tries = (this.#paths.get(path)?.tries ?? 0) + 1;
      if (!this.#paths.delete(path)) pending.add({ kind: "path", path }, now);
      else pending.later(path, now, now + retryDelay(tries, changingBackoff));
    }
    this.#books.events.stepped("to be looked at again", { paths: paths.length, first: paths[0] });
    this.#books.pump();
  }

  #freed(paths: readonly BytePath[]): void {
    const { pending } = this.#books;
    for (const path of paths) {
      if (this.#paths.delete(path)) pending.again(path);
      else pending.add({ kind: "path", path }, performance.now());
    }
    this.#books.events.stepped("free to go", { paths: paths.length, first: paths[0] });
    this.#books.pump();
  }

  #held(paths: readonly BytePath[]): void {
    if (this.#books.halt.status === undefined) {
      this.#freed(paths); // they were allowed while this was on its way
      return;
    }
    for (const path of paths) {
      this.#books.halt.hold(path, this.#paths.get(path)?.since ?? this.#started);
      if (this.#paths.delete(path)) this.#books.pending.delivered(path);
    }
  }

  /** Not this path's fault, nor that of those that wait: all of them wait for room. */
  #wait({ path, reason }: PathFailure): void {
    const { pending } = this.#books;
    if (this.#paths.delete(path)) pending.again(path);
    else pending.add({ kind: "path", path }, performance.now());
    this.#books.isDown({ code: "FILE_IO", message: reason, retryable: true });
  }

  #refuse(failure: PathFailure): void {
    const { path, reason, whole = false, isBreak = false } = failure;
    const { pending, tally, events } = this.#books;
    this.#books.isUp();
    const now = performance.now();
    const tries = (this.#paths.get(path)?.tries ?? 0) + 1;
    if (isConflict(reason, tries)) {
      this.#paths.delete(path);
      pending.later(path, now, now + retryDelay(tries, conflictBackoff));
      events.stepped("refused while other sessions ran, tried again at once", { path, reason });
      return;
    }
    const attempts = (this.#paths.get(path)?.attempts ?? 0) + 1;
    // Refusals before it changed, and times when it was changing, say nothing of what is there now.
    const delay = (isBreak ? breakDelay : refusalDelay)(Math.min(attempts, tries), this.#books);
    this.#paths.delete(path);
    pending.later(path, now, now + delay, { reason, whole });
    tally.failed(reason);
    events.failed(failure, delay, attempts);
  }
}
