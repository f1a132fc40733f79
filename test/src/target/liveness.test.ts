import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type BytePath, isWithin } from "../../../protocol/index.ts";
import { path, renamed, tree } from "../pending/changes.ts";
import { type ScriptedJob, type ScriptedTarget, scriptedTarget } from "./scripted-threads.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const place = fc.constantFrom("", "a", "a/b", "a/b/c", "a/d", "e", "e/f", "g");
const number = fc.nat(7);
const steps = fc.oneof(
  fc.record({ do: fc.constantFrom("path" as const, "tree" as const), at: place }),
  fc.record({ do: fc.constant("renamed" as const), at: place, to: place, which: number }),
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("answer" as const),
      job: number,
      which: number,
      says: fc.nat(8),
    }),
  },
  fc.record({ do: fc.constant("unsettle" as const), at: place }),
  fc.record({
    do: fc.constant("wait" as const),
    ms: fc.constantFrom(1, 29, 31, 200, 1_000, 70_000),
  }),
  fc.record({ do: fc.constantFrom("hurry" as const, "reconcile" as const, "drain" as const) }),
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

/** What a push thread may say of one path. */
const answers: readonly ((job: ScriptedJob, path: string) => void)[] = [
  (job, path) => job.delivered(path),
  (job, path) => job.failedBecause("permission denied", path),
  (job, path) => job.failedBecause("cannot delete non-empty directory", path),
  (job, path) => job.failedBecause("write failed: No space left on device (28)", path),
  (job, path) => job.again(path),
  (job, path) => job.freed(path),
  (job) => job.onlyLongLeft(),
];
const endings: readonly ((job: ScriptedJob) => void)[] = [
  (job) => job.end(),
  (job) => job.end({ code: "CONNECTION_LOST", message: "refused", retryable: true }),
];

/** A target, and the push thread's side of its jobs, of which nothing is said unless a step does. */
class Play {
  readonly #scripted: ScriptedTarget = scriptedTarget({ retryMs: 60_000 });
  readonly #jobs: ScriptedJob[] = [];

  step(step: Step): void {
    const { target, unsettle } = this.#scripted;
    this.#collect();
    if (step.do === "path") target.add([path(step.at)]);
    else if (step.do === "tree") target.add([tree(step.at)]);
    else if (step.do === "renamed") this.#rename(step.at, step.to, step.which);
    else if (step.do === "unsettle") unsettle(step.at);
    else if (step.do === "wait") vi.advanceTimersByTime(step.ms);
    else if (step.do === "hurry") target.hurry();
    else if (step.do === "reconcile") target.reconcile();
    else if (step.do === "answer") this.#answer(step);
    else {
      void target.drain();
      target.proceed();
    }
  }

  /** Something is under way, or a timer will ring, or there is nothing to do. */
  get isAlive(): boolean {
    this.#collect();
    const { pending, reconcile } = this.#scripted.target.status;
    const isDone = pending.paths === 0 && reconcile.state === "none";
    return isDone || this.#jobs.length > 0 || vi.getTimerCount() > 0;
  }

  /** From now on the target takes everything; how much virtual time that took, in ms. */
  finish(): number {
    const startedAt = performance.now();
    for (let round = 0; round < 500; round += 1) {
      this.#collect();
      if (this.#jobs.length > 0) this.#jobs.shift()?.succeed();
      else if (this.#isOver) return performance.now() - startedAt;
      else if (vi.getTimerCount() > 0) vi.advanceTimersToNextTimer();
      else expect.fail(`it sleeps: ${JSON.stringify(this.#scripted.target.status)}`);
    }
    expect.fail(`it never ends: ${JSON.stringify(this.#scripted.target.status)}`);
  }

  get #isOver(): boolean {
    const { pending, reconcile } = this.#scripted.target.status;
    return pending.paths === 0 && reconcile.state === "none";
  }

  #collect(): void {
    while (this.#scripted.waiting > 0) this.#jobs.push(this.#scripted.next());
  }

  #rename(from: string, to: string, which: number): void {
    const isPossible = from !== "" && !isWithin(to as BytePath, from as BytePath);
    const type = which % 2 === 0 ? "file" : "directory";
    if (isPossible && to !== "") this.#scripted.target.add([renamed(from, to, type)]);
  }

  #answer({ job: number, which, says }: Extract<Step, { readonly do: "answer" }>): void {
    const at = number % Math.max(1, this.#jobs.length);
    const job = this.#jobs[at];
    if (job === undefined) return;
    const answer = answers[says];
    if (answer !== undefined) {
      answer(job, job.paths[which % job.paths.length] ?? "");
    } else {
      this.#jobs.splice(at, 1);
      endings[says - answers.length]?.(job);
    }
  }
}

test("whatever happens, what is to be done is under way or has its time, and gets done", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (script) => {
      vi.clearAllTimers();
      const play = new Play();
      for (const step of script) {
        play.step(step);
        expect(play.isAlive).toBe(true);
      }
      // A path refused as often as its patience lasts rests for a minute, with jitter.
      expect(play.finish()).toBeLessThan(80_000);
    }),
    { seed: 20_261_122, numRuns: 2_000 },
  );
}, 60_000);
