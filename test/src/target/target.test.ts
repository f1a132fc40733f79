import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { JobFailure } from "../../../src/push/message.ts";
import type { Target } from "../../../src/target/target.ts";
import { path, tree } from "../pending/changes.ts";
import { scriptedTarget } from "./scripted-threads.ts";

const unreachable: JobFailure = { code: "CONNECTION_LOST", message: "refused", retryable: true };
const wrongPassword: JobFailure = { code: "AUTH_FAILED", message: "refused", retryable: false };

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0); // no jitter
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function paths(count: number, name = "f") {
  return Array.from({ length: count }, (_, i) => path(`${name}${i}`));
}

test("an idle target gets a change at once, and says how long its delivery took", () => {
  const { target, next, told } = scriptedTarget();
  target.add([path("a")]);
  vi.advanceTimersByTime(7);
  expect(target.status.pending.paths).toBe(1);
  next().succeed();
  expect(told).toEqual(["delivered a 7 ms"]);
  expect(target.status.pending).toMatchObject({ paths: 0, oldest: undefined });
});

test("while batches are under way the next one grows", () => {
  const scripted = scriptedTarget();
  for (const change of paths(10)) scripted.target.add([change]);
  expect(scripted.waiting).toBe(2);
  scripted.next().succeed();
  scripted.next();
  expect(scripted.next().paths).toEqual(
    paths(10)
      .slice(2)
      .map(({ path }) => path),
  );
});

test("where changes keep coming they gather, for a tenth of a second or till they are worth a session", () => {
  const scripted = scriptedTarget();
  const { target, next } = scripted;
  const change = (...names: string[]): void => target.add(names.map(path));
  for (let i = 0; i < 5; i += 1) {
    change(`at once ${i}`);
    next().succeed();
  }
  change("a");
  vi.advanceTimersByTime(50);
  change("b");
  vi.advanceTimersByTime(49);
  expect(scripted.waiting).toBe(0);
  vi.advanceTimersByTime(1);
  const gathered = next();
  expect(gathered.paths).toEqual(["a", "b"]);
  gathered.succeed();
  target.add(paths(23));
  expect(scripted.waiting).toBe(0);
  change("one more");
  expect(next().paths).toHaveLength(24);
  vi.advanceTimersByTime(1_000);
  for (let i = 0; i < 5; i += 1) {
    change(`at once again ${i}`);
    next().succeed();
  }
});

test.each([
  ["a person is in a hurry", (target: Target) => target.hurry()],
  ["it is to end", (target: Target) => void target.drain()],
])("what gathers is sent at once when %s", (_, end) => {
  const { target, next } = scriptedTarget();
  for (let i = 0; i < 5; i += 1) {
    target.add([path(`f${i}`)]);
    next().succeed();
  }
  target.add([path("a")]);
  end(target);
  expect(next().paths).toEqual(["a"]);
});

test("a batch has a thousand paths at most", () => {
  const { target, next } = scriptedTarget();
  target.add(paths(1_500));
  expect(next().paths).toHaveLength(1_000);
  expect(next().paths).toHaveLength(500);
});

test("a path that changed while it was sent is sent again", () => {
  const { target, next } = scriptedTarget();
  target.add([path("a")]);
  const job = next();
  target.add([path("a")]);
  job.succeed();
  expect(next().paths).toEqual(["a"]);
});

test("an unreachable target is tried after 1 s, with one path, slowly more rarely, and once a minute at last", () => {
  const scripted = scriptedTarget();
  scripted.target.add(paths(3));
  scripted.next().end(unreachable);
  let delay = 1_000;
  for (let attempt = 0; attempt < 90; attempt += 1) {
    vi.advanceTimersByTime(Math.ceil(delay) - 2);
    expect(scripted.waiting).toBe(0);
    vi.advanceTimersByTime(2);
    expect(scripted.waiting).toBe(1);
    const probe = scripted.next();
    expect(probe.paths).toHaveLength(1);
    probe.end(unreachable);
    delay = Math.min(60_000, delay * 1.05);
  }
  expect(delay).toBe(60_000);
  expect(scripted.target.status.pending.paths).toBe(3);
});

test.each([0.9, 0.7, 0.5, 0.3, 0.1, 0])(
  "a timer that fires %d ms early, on a clock that moves while we work, is set anew",
  (earlyMs) => {
    let clock = 0;
    vi.spyOn(performance, "now").mockImplementation(() => {
      clock += 0.2;
      return clock;
    });
    const scripted = scriptedTarget();
    scripted.target.add([path("a")]);
    scripted.next().end(unreachable);
    clock = 1_000 + clock - earlyMs;
    vi.runOnlyPendingTimers();
    clock += 2;
    vi.runOnlyPendingTimers();
    expect(scripted.next().paths).toEqual(["a"]);
  },
);

test("a daemon that understood us before and then does not is tried again soon", () => {
  const misunderstood = { code: "PROTOCOL_MISMATCH", message: "", retryable: false } as const;
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  scripted.next().succeed();
  scripted.target.add([path("b")]);
  scripted.next().end(misunderstood);
  vi.advanceTimersByTime(1_000);
  expect(scripted.next().paths).toEqual(["b"]);
});

test("changes do not hurry a target that is down", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  scripted.next().end(unreachable);
  scripted.target.add(paths(100));
  expect(scripted.waiting).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(scripted.waiting).toBe(1);
});

test("batches that fail with the first count once, and are told once", () => {
  const scripted = scriptedTarget();
  for (const change of paths(2)) scripted.target.add([change]);
  for (let i = 0; i < 2; i += 1) scripted.next().end(unreachable);
  expect(scripted.told).toEqual(["down CONNECTION_LOST"]);
  vi.advanceTimersByTime(1_000);
  expect(scripted.waiting).toBe(1);
});

test("the first acknowledgement of a target that was down opens it for all again", () => {
  const scripted = scriptedTarget();
  scripted.target.add(paths(3));
  scripted.next().end(unreachable);
  vi.advanceTimersByTime(1_000);
  const probe = scripted.next();
  probe.delivered("f0");
  expect(scripted.next().paths).toEqual(["f1", "f2"]);
  expect(scripted.told.slice(0, 2)).toEqual(["down CONNECTION_LOST", "up"]);
  probe.end();
});

test("an idle target that cannot be reached is known to be down; what comes next tries at once", () => {
  const { target, look, next, told } = scriptedTarget();
  look(unreachable);
  vi.advanceTimersByTime(5_000);
  look(wrongPassword);
  expect(told).toEqual(["down CONNECTION_LOST", "down AUTH_FAILED"]);
  expect(target.status.outage).toMatchObject({ failure: wrongPassword });
  const { since = 0, until = 0 } = target.status.outage ?? {};
  expect(until - since).toBe(6_000);
  target.add([path("a")]);
  next().succeed();
  expect(told.slice(2)).toEqual(["up", "delivered a 0 ms"]);
  expect(target.status.outage).toBeUndefined();
});

test("an idle target that can be reached again is up, and a person may have it looked at", () => {
  const { target, look, told } = scriptedTarget();
  look();
  look(unreachable);
  target.hurry();
  look();
  expect(told).toEqual(["down CONNECTION_LOST", "looking", "up"]);
});

test("what a job has found out of a target is not put right by a look", () => {
  const { target, look, next, told } = scriptedTarget();
  target.add([path("a")]);
  look(unreachable); // the job itself will tell
  next().end(wrongPassword);
  look();
  look(unreachable);
  expect(told).toEqual(["down AUTH_FAILED"]);
  expect(target.status.outage).toMatchObject({ failure: wrongPassword });
});

test("a path that needs nothing does not show that a target is back", () => {
  const scripted = scriptedTarget();
  scripted.target.add(paths(3));
  scripted.next().end(unreachable);
  vi.advanceTimersByTime(1_000);
  const probe = scripted.next();
  probe.spared("f0");
  probe.end();
  expect(scripted.told).toEqual(["down CONNECTION_LOST"]);
  expect(scripted.next().paths).toEqual(["f1"]);
});

test("what only a person can mend is tried once a minute", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    scripted.next().end(wrongPassword);
    vi.advanceTimersByTime(59_999);
    expect(scripted.waiting).toBe(0);
    vi.advanceTimersByTime(1);
  }
  expect(scripted.told).toEqual(Array(3).fill("down AUTH_FAILED"));
});

test("a path that is refused is tried alone, ever more rarely, and delays no other", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("bad"), path("good")]);
  const job = scripted.next();
  job.failed("bad");
  job.delivered("good");
  job.end();
  expect(scripted.told).toEqual(["failed bad: refused", "delivered good 0 ms"]);
  scripted.target.add([path("other")]);
  expect(scripted.next().paths).toEqual(["other"]);
  for (const delay of [1_000, 2_000, 4_000]) {
    vi.advanceTimersByTime(delay - 1);
    expect(scripted.waiting).toBe(0);
    vi.advanceTimersByTime(1);
    const again = scripted.next();
    expect(again.paths).toEqual(["bad"]);
    again.failed("bad");
    again.end();
  }
});

test("a refused path that changes is tried at once", () => {
  const { target, next } = scriptedTarget();
  target.add([path("bad")]);
  const job = next();
  job.failed("bad");
  job.end();
  target.add([path("bad")]);
  expect(next().paths).toEqual(["bad"]);
});

test("a path of which nothing was heard has failed", () => {
  const { target, next, told } = scriptedTarget();
  target.add([path("a"), path("b")]);
  const job = next();
  job.delivered("a");
  job.end();
  expect(told).toEqual(["delivered a 0 ms", "failed b: nothing was heard of it"]);
  vi.advanceTimersByTime(1_000);
  expect(next().paths).toEqual(["b"]);
});

test("a job that breaks off keeps what was acknowledged before", () => {
  const { target, next } = scriptedTarget();
  target.add([path("a"), path("b")]);
  const job = next();
  job.delivered("a");
  job.end(unreachable);
  expect(target.status.pending.paths).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(next().paths).toEqual(["b"]);
});

test("a file that was changing while it was read is read again soon, not at once", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  const job = scripted.next();
  job.again("a");
  job.end();
  vi.advanceTimersByTime(199);
  expect(scripted.waiting).toBe(0);
  vi.advanceTimersByTime(1);
  expect(scripted.next().paths).toEqual(["a"]);
});

test("what a comparison found to be different is looked at at once, beside it", () => {
  const { target, next } = scriptedTarget();
  target.reconcile();
  const comparison = next();
  comparison.again("extra");
  expect(next().paths).toEqual(["extra"]);
});

test("a path that was changing again and again is not put off for long by one refusal", () => {
  const scripted = scriptedTarget({ patience: 2, retryMs: 600_000 });
  scripted.target.add([path("a")]);
  for (let time = 0; time < 5; time += 1) {
    const job = scripted.next();
    job.again("a");
    job.end();
    vi.advanceTimersByTime(200 * 2 ** time);
  }
  const job = scripted.next();
  job.failed("a");
  job.end();
  expect(scripted.target.hopeless()).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(scripted.next().paths).toEqual(["a"]);
});

test.each([
  "cannot delete non-empty directory: d",
  "the daemon did not acknowledge it", // something above it was in the way
])(
  "what may come of another session (%s) is tried again in a moment, and told if it lasts",
  (why) => {
    const scripted = scriptedTarget();
    scripted.target.add([path("d")]);
    for (const delay of [30, 60, 120]) {
      const job = scripted.next();
      job.failedBecause(why, "d");
      job.end();
      expect(scripted.told).toEqual([]);
      vi.advanceTimersByTime(delay);
    }
    scripted.next().failedBecause(why, "d");
    expect(scripted.told).toEqual([`failed d: ${why}`]);
    expect([...scripted.target.backlog.paths]).toMatchObject([{ path: "d", attempts: 1 }]);
  },
);

test("a path refused too often that has changed is tried as often again, and stays listed", () => {
  const scripted = scriptedTarget({ patience: 2, retryMs: 600_000 });
  const refuse = () => {
    const job = scripted.next();
    job.failed("a");
    job.end();
  };
  scripted.target.add([path("a")]);
  refuse();
  vi.advanceTimersByTime(1_000);
  refuse();
  scripted.target.add([path("a")]);
  refuse();
  expect(scripted.target.hopeless()).toMatchObject([{ path: "a", attempts: 3 }]);
  vi.advanceTimersByTime(1_000);
  expect(scripted.next().paths).toEqual(["a"]);
});

test("a path that turns out to be unsettled outside of any job is looked at again", () => {
  const { next, unsettle } = scriptedTarget();
  unsettle("a");
  expect(next().paths).toEqual(["a"]);
});

test("a comparison runs beside changes, and tells what it came to", () => {
  const { target, next, told } = scriptedTarget();
  target.reconcile();
  target.add([path("a")]);
  const comparison = next();
  expect(comparison.paths).toEqual([""]);
  next().succeed();
  comparison.progress(120, 4_096);
  comparison.end();
  expect(told).toEqual(["delivered a 0 ms", "reconciled 120 4096"]);
});

test("a comparison that is asked for while one runs comes after it, once", () => {
  const scripted = scriptedTarget();
  scripted.target.reconcile();
  const first = scripted.next();
  scripted.target.reconcile();
  scripted.target.add([tree("")]);
  expect(scripted.waiting).toBe(0);
  first.end();
  scripted.next().end();
  expect(scripted.waiting).toBe(0);
});

test("a comparison that broke off begins anew when the target may be tried again", () => {
  const scripted = scriptedTarget();
  scripted.target.reconcile();
  scripted.next().end(unreachable);
  expect(scripted.waiting).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(scripted.next().paths).toEqual([""]);
});

test("draining waits for what is under way and takes nothing more", async () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  const job = scripted.next();
  let isDrained = false;
  const drained = scripted.target.drain().then(() => {
    isDrained = true;
  });
  scripted.target.add([path("b")]);
  await Promise.resolve();
  expect(isDrained).toBe(false);
  job.succeed();
  await drained;
  expect(scripted.waiting).toBe(0);
  expect(scripted.target.status.pending.paths).toBe(1);
});

test("what may differ anywhere as it is to end is owed to the next start", async () => {
  const scripted = scriptedTarget();
  const { target } = scripted;
  await target.drain();
  target.add([tree("")]); // the kernel's queue overflowed a moment ago
  expect([scripted.waiting, target.backlog.owed]).toEqual([0, { deletes: true }]);
  const heir = scriptedTarget();
  heir.target.restore(target.backlog);
  expect(heir.next()).toMatchObject({ paths: [""], order: expect.stringContaining("delet") });
});

test("draining an idle target, or one that is down, takes no time", async () => {
  const { target, next } = scriptedTarget();
  target.add([path("a")]);
  next().end(unreachable);
  await target.drain();
  expect(vi.getTimerCount()).toBe(0);
});

test("a comparison that would delete too much halts deletions; what is held goes on by a word", () => {
  const { target, next, told } = scriptedTarget();
  target.reconcile();
  const comparison = next();
  expect(comparison.order).toBe("deletes");
  comparison.judged(false);
  comparison.end();
  expect(told[1]).toMatch(/^halted: 900 objects .* 90 % of what it has$/);
  target.add([path("gone")]);
  next().held("gone");
  expect(target.status).toMatchObject({ pending: { paths: 0 }, halt: { held: 1 } });
  expect(target.backlog).toMatchObject({ paths: [{ path: "gone" }], halted: expect.any(String) });
  target.allowDeletions();
  expect(told.slice(-2)).toEqual(["not holding", "resumed with 1"]);
  expect(next().paths).toEqual(["gone"]);
  expect(next().order).toBe("deletes unguarded");
  expect(target.status.halt).toBeUndefined();
});

test("a deletion that was held back when a person allowed it goes on", () => {
  const { target, next } = scriptedTarget();
  target.haltDeletions("too many");
  target.add([path("gone")]);
  const asked = next();
  target.allowDeletions();
  asked.held("gone"); // told before the word had come to the push thread
  asked.end();
  expect(next().paths).toEqual(["gone"]);
});

test("what the guard says is told to sessions that were begun anew since", () => {
  const { target, next, told } = scriptedTarget();
  target.reconcile();
  next().judged(false);
  expect(told).toContain("holding");
  expect(told).not.toContain("not holding");
});

test("halted deletions are looked at again by themselves, and resume when the tree is back", () => {
  const scripted = scriptedTarget();
  scripted.target.reconcile();
  const first = scripted.next();
  first.judged(false);
  first.end();
  for (const delay of [60_000, 120_000]) {
    vi.advanceTimersByTime(delay - 1);
    expect(scripted.waiting).toBe(0);
    vi.advanceTimersByTime(1);
    const look = scripted.next();
    expect(look.order).toBe("deletes");
    look.judged(delay === 120_000);
    look.end();
  }
  expect(scripted.told.filter((line) => line.startsWith("halted"))).toHaveLength(1);
  expect(scripted.told).toContain("resumed with 0");
});

test("a path that is refused for want of room is not to blame: the target waits, others too", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("big"), path("small")]);
  const job = scripted.next();
  job.failedBecause("write failed on big: No space left on device (28)", "big");
  job.end();
  expect(scripted.told[0]).toBe("down FILE_IO");
  vi.advanceTimersByTime(1_000);
  const probe = scripted.next();
  expect(probe.paths).toHaveLength(1);
  probe.succeed();
  expect(scripted.told).toContain("up");
});

test("a path refused too often is hopeless: tried at the journal's pace, and listed for it", () => {
  const scripted = scriptedTarget({ patience: 2, retryMs: 600_000 });
  scripted.target.add([path("bad")]);
  for (const delay of [1_000, 600_000, 600_000]) {
    const job = scripted.next();
    job.failed("bad");
    job.end();
    vi.advanceTimersByTime(delay - 1);
    expect(scripted.waiting).toBe(0);
    vi.advanceTimersByTime(1);
  }
  const hopeless = [...scripted.target.backlog.paths];
  expect(hopeless).toMatchObject([{ path: "bad", attempts: 3, reason: "refused" }]);
});

test("a comparison that broke off goes on where it was, unless another is wanted besides", () => {
  const scripted = scriptedTarget();
  scripted.target.reconcile({ deletes: false });
  scripted.next().end(unreachable);
  vi.advanceTimersByTime(1_000);
  const second = scripted.next();
  expect(second.order).toBe("keeps resumes");
  scripted.target.reconcile({ deletes: true, excludes: ["*.php"] });
  second.end(unreachable);
  vi.advanceTimersByTime(2_000);
  expect(scripted.next().order).toBe("deletes");
});

test("a comparison that ends in the same way each time keeps no path waiting", () => {
  const scripted = scriptedTarget();
  scripted.target.reconcile();
  scripted.next().end(unreachable);
  scripted.target.add([path("a")]);
  vi.advanceTimersByTime(1_000);
  const probe = scripted.next();
  expect(probe.paths).toEqual(["a"]);
  probe.succeed();
  expect(scripted.next().order).toBe("deletes resumes");
});

test("after a long outage everything is compared, deleting only what was asked for", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  scripted.next().end(wrongPassword);
  for (let minute = 0; minute < 11; minute += 1) {
    vi.advanceTimersByTime(60_000);
    if (minute < 10) scripted.next().end(wrongPassword);
  }
  const back = scripted.next();
  back.succeed();
  expect(scripted.next().order).toBe("keeps");
});

test("a fault of ours that comes with one path holds up no other", () => {
  const fault = {
    code: "INTERNAL",
    message: "Error: no such thing\n  at x",
    retryable: true,
  } as const;
  const { target, next, told } = scriptedTarget();
  target.add([path("bad"), path("good")]);
  next().end(fault);
  vi.advanceTimersByTime(1_000);
  const probe = next();
  expect(probe.paths).toEqual(["bad"]);
  probe.end(fault);
  expect(told.at(-1)).toMatch(/^failed bad.*no such thing$/);
  expect(next().paths).toEqual(["good"]);
});

test("what one target has to do is handed over to another", () => {
  const before = scriptedTarget();
  before.target.add([path("a"), tree("d")]);
  before.target.reconcile({ deletes: false });
  const after = scriptedTarget();
  after.target.restore(before.target.backlog);
  expect(after.next().order).toBe("keeps");
  expect(after.next().paths).toEqual(["a", "d"]);
});

test("a target that is down keeps a bounded set, however much changes", () => {
  const scripted = scriptedTarget({ pendingLimit: 100 });
  scripted.target.add([path("a")]);
  scripted.next().end(unreachable);
  for (let i = 0; i < 10_000; i += 1) scripted.target.add([path(`d${i % 300}/f${i}`)]);
  expect(scripted.target.status.pending.paths).toBeLessThanOrEqual(101);
});

test("a paused target gets nothing, remembers what changes, and gets it when it goes on", () => {
  const scripted = scriptedTarget();
  scripted.target.steer("pause");
  scripted.target.add(paths(3));
  scripted.target.reconcile();
  scripted.target.hurry();
  expect(scripted.waiting).toBe(0);
  expect(scripted.target.status).toMatchObject({ paused: true, pending: { paths: 3 } });
  scripted.target.steer("go on");
  expect(scripted.next().order).toBe("deletes");
  expect(scripted.next().paths).toEqual(["f0", "f1", "f2"]);
  expect(scripted.told).toEqual(["pause", "go on"]);
});

test("what is under way when a target is paused may end; nothing follows it", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  const job = scripted.next();
  scripted.target.steer("pause");
  scripted.target.add([path("b")]);
  job.succeed();
  expect(scripted.waiting).toBe(0);
  expect(scripted.target.status).toMatchObject({ delivered: 1, pending: { paths: 1 } });
});

test("a target that was down and is paused is not tried before it goes on", () => {
  const scripted = scriptedTarget();
  scripted.target.add([path("a")]);
  scripted.next().end(unreachable);
  scripted.target.steer("pause");
  vi.advanceTimersByTime(3_600_000);
  expect(scripted.waiting).toBe(0);
  scripted.target.steer("go on");
  expect(scripted.next().paths).toEqual(["a"]);
});

test("a paused target that is to end gives up what waits for its turn", async () => {
  const scripted = scriptedTarget();
  scripted.target.reconcile();
  scripted.target.steer("pause");
  const drained = scripted.target.drain();
  expect(scripted.told).toEqual(["pause", "give up"]);
  scripted.next().end({ code: "ABORTED", message: "it is to end", retryable: false });
  await drained;
  expect(scripted.told).toHaveLength(2); // that is no outage
  expect(scripted.target.backlog.owed).toEqual({ deletes: true });
  scripted.target.proceed();
  expect(scripted.told.at(-1)).toBe("pause"); // it did not end after all
});

test("what new settings cut short is begun again at once, and the target is not down", () => {
  const { target, next, told } = scriptedTarget();
  target.reconcile({ deletes: false });
  target.add([path("a"), path("b")]);
  const cutShort: JobFailure = { code: "ABORTED", message: "pool closed", retryable: false };
  const [comparison, batch] = [next(), next()];
  batch.delivered("a");
  batch.end(cutShort);
  comparison.end(cutShort);
  expect(new Set([next().paths.join(), next().paths.join()])).toEqual(new Set(["", "b"]));
  expect(target.status.outage).toBeUndefined();
  expect(told.filter((line) => line.includes("down"))).toEqual([]);
});
