import fc from "fast-check";
import { expect, test } from "vitest";
import { asBytePath, isWithin } from "../../../protocol/index.ts";
import { PendingSet } from "../../../src/pending/pending.ts";
import type { Change } from "../../../src/watch/change.ts";
import { path, renamed, tree } from "./changes.ts";

function pendingSet(...changes: Change[]): PendingSet {
  const pending = new PendingSet();
  for (const change of changes) pending.add(change, 0);
  return pending;
}

/** Takes all that may be taken now, as short lines; whole trees end in "/". */
function take(pending: PendingSet, now = 0, limit = 100): string[] {
  return pending.take(limit, now).map(({ path, whole }) => (whole ? `${path}/` : path));
}

test("a path stands in the set once, however often it changes", () => {
  const pending = pendingSet(path("a"), path("b"), path("a"), path("a"));
  expect(pending.size).toBe(2);
  expect(take(pending)).toEqual(["a", "b"]);
  expect(take(pending)).toEqual([]);
});

test("the age of a path is that of its oldest undelivered change", () => {
  const pending = new PendingSet();
  pending.add(path("a"), 10);
  pending.add(path("a"), 20);
  expect(pending.summary().oldest).toBe(10);
  expect(pending.take(1, 20)).toEqual([{ path: "a", whole: false, since: 10, attempts: 0 }]);
  expect(pending.summary().oldest).toBe(10);
  pending.delivered(asBytePath("a"));
  expect(pending.summary().oldest).toBeUndefined();
});

test("a whole tree absorbs what waits below it, and what comes later", () => {
  const pending = pendingSet(path("d/a"), path("d/e/f"), path("da"), tree("d"), path("d/g"));
  expect(take(pending)).toEqual(["da", "d/"]);
  expect(pending.size).toBe(2);
});

test("a tree below a whole tree is covered by it", () => {
  expect(take(pendingSet(tree("d"), tree("d/e"), path("d/e/f")))).toEqual(["d/"]);
});

test("the root as a whole absorbs everything", () => {
  expect(take(pendingSet(path("a"), tree("b/c"), tree("")))).toEqual(["/"]);
});

test("a path that changes into a whole tree keeps being one", () => {
  expect(take(pendingSet(path("d"), tree("d"), path("d")))).toEqual(["d/"]);
});

test("names that are moved in a circle all get their turn", () => {
  const pending = pendingSet(renamed("a", "t"), renamed("b", "a"), renamed("t", "b"));
  const seen: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const taken = pending.take(100, 0).map(({ path }) => path);
    seen.push(...taken);
    for (const name of taken) pending.delivered(name);
  }
  expect(new Set(seen)).toEqual(new Set(["a", "b", "t"]));
  expect(pending.size).toBe(0);
});

test("a path that changes in flight waits behind itself and stays", () => {
  const pending = pendingSet(path("a"));
  take(pending);
  pending.add(path("a"), 5);
  expect(take(pending)).toEqual([]);
  expect(pending.size).toBe(2);
  pending.delivered(asBytePath("a"));
  expect(pending.take(1, 5)).toEqual([{ path: "a", whole: false, since: 5, attempts: 0 }]);
});

test("nothing is taken above or below what is in flight", () => {
  const pending = pendingSet(path("d/e"));
  take(pending);
  for (const name of ["d", "d/e/f", "d/g", ""]) pending.add(path(name), 0);
  expect(take(pending)).toEqual(["d/g"]);
  pending.delivered(asBytePath("d/e"));
  expect(take(pending)).toEqual(["d/e/f"]);
  pending.delivered(asBytePath("d/e/f"));
  pending.delivered(asBytePath("d/g"));
  expect(take(pending)).toEqual(["d"]);
  pending.delivered(asBytePath("d"));
  expect(take(pending)).toEqual([""]);
});

test("what changes in a tree that is in flight is taken after it", () => {
  const pending = pendingSet(tree("d"));
  take(pending);
  pending.add(path("d/a"), 0);
  expect(take(pending)).toEqual([]);
  pending.delivered(asBytePath("d"));
  expect(take(pending)).toEqual(["d/a"]);
});

test("takes no more than asked for, the oldest first", () => {
  const pending = pendingSet(path("a"), path("b"), path("c"));
  expect(take(pending, 0, 2)).toEqual(["a", "b"]);
  expect(pending.summary().inFlight).toBe(2);
});

test("a job that is given up puts its paths back as they were", () => {
  const pending = pendingSet(tree("d"));
  take(pending);
  pending.again(asBytePath("d"));
  expect(take(pending)).toEqual(["d/"]);
});

test("a path that failed comes again no earlier than asked, and counts its attempts", () => {
  const pending = pendingSet(tree("d"));
  take(pending);
  pending.later(asBytePath("d"), 0, 1_000, { reason: "refused" });
  expect(pending.nextDue()).toBe(1_000);
  expect(take(pending, 999)).toEqual([]);
  expect(pending.take(1, 1_000)).toMatchObject([{ path: "d", whole: true, since: 0, attempts: 1 }]);
  pending.later(asBytePath("d"), 1_000, 3_000, { reason: "refused" });
  expect(pending.take(1, 3_000)).toMatchObject([{ attempts: 2 }]);
});

test("a path that failed is taken at once when it changes", () => {
  const pending = pendingSet(path("a"));
  take(pending);
  pending.later(asBytePath("a"), 0, 60_000);
  pending.add(path("a"), 5);
  expect(take(pending, 5)).toEqual(["a"]);
});

test("a path that changed in flight and then failed is taken at once", () => {
  const pending = pendingSet(path("a"));
  take(pending);
  pending.add(path("a"), 5);
  pending.later(asBytePath("a"), 6, 60_000);
  expect(take(pending, 6)).toEqual(["a"]);
});

test("what changes in a tree that failed does not wait for the tree's next attempt", () => {
  const pending = pendingSet(tree("d"));
  take(pending);
  pending.later(asBytePath("d"), 0, 600_000);
  pending.add(path("d/a"), 5);
  expect(take(pending, 5)).not.toEqual([]);
});

test("shows what waits and what is in flight", () => {
  const pending = pendingSet(path("a"), tree("d"));
  pending.take(1, 0);
  pending.add(path("a"), 7);
  expect([...pending.paths()].map(({ path, whole, since }) => ({ path, whole, since }))).toEqual([
    { path: "a", whole: false, since: 0 },
    { path: "d", whole: true, since: 0 },
    { path: "a", whole: false, since: 7 },
  ]);
});

test("past its limit it gathers paths into the fullest directories, and leaves the others alone", () => {
  const pending = new PendingSet({ limit: 10 });
  pending.add(path("single"), 0);
  pending.add(path("other/single"), 1);
  for (let i = 0; i < 9; i += 1) pending.add(path(`full/f${i}`), 2 + i);
  expect(pending.summary()).toEqual({ paths: 3, trees: 1, inFlight: 0, refused: 0, oldest: 0 });
  expect(take(pending)).toEqual(["single", "other/single", "full/"]);
});

test("paths in as many directories end as the whole root, which is taken out for a comparison", () => {
  const pending = new PendingSet({ limit: 4 });
  for (let i = 0; i < 5; i += 1) pending.add(path(`d${i}/e/f`), i);
  while (pending.size > 1) pending.add(path(`x${pending.size}/${Math.random()}/y`), 9);
  expect([...pending.paths()]).toMatchObject([{ path: "", whole: true, since: 0 }]);
  expect(pending.takeRoot(0)).toBe(true);
  expect(pending.size).toBe(0);
});

test("very many paths take no more room than the limit allows", () => {
  const pending = new PendingSet({ limit: 1_000 });
  for (let i = 0; i < 200_000; i += 1) pending.add(path(`d${i % 700}/f${i}`), i);
  expect(pending.size).toBeLessThanOrEqual(1_000);
  expect(pending.summary().oldest).toBe(0);
});

test("gathered paths that were all refused stay patient, and keep the reason", () => {
  const pending = new PendingSet({ limit: 2 });
  for (const name of ["d/a", "d/b", "d/c"])
    pending.later(asBytePath(name), 0, 60_000, { reason: "refused" });
  expect([...pending.paths()]).toMatchObject([
    { path: "d", whole: true, attempts: 1, reason: "refused" },
  ]);
  expect(take(pending, 59_999)).toEqual([]);
  expect(take(pending, 60_000)).toEqual(["d/"]);
});

test("a directory that could not be listed is compared as a whole the next time", () => {
  const pending = new PendingSet();
  pending.later(asBytePath("d"), 0, 1_000, { reason: "cannot list it", whole: true });
  expect(take(pending, 1_000)).toEqual(["d/"]);
});

test("what arrives below a refused directory lets it be tried at once", () => {
  const pending = new PendingSet();
  pending.later(asBytePath("d"), 0, 60_000);
  pending.hurryAbove(asBytePath("d/f"));
  expect(take(pending, 1)).toEqual(["d"]);
});

test.each([
  [".f.a1B2c3", "f", true],
  ["d/.f.a1B2c3", "d/f", true],
  [".f.tar.gz.QWErty", "f.tar.gz", true],
  ["other/.f.a1B2c3", "f", false],
  [".f.a1B2c", "f", false],
  [".f.a1B2c3", "g", false],
  ["f", "g", false],
])("%s renamed to %s has come by rsync: %s", (from, to, arrived) => {
  const taken = pendingSet(renamed(from, to)).take(1, 0);
  expect(taken[0]?.path).toBe(to);
  expect(taken[0]?.arrived ?? false).toBe(arrived);
});

test("a file that came by rsync and was then written here is an ordinary change", () => {
  const pending = pendingSet(renamed(".f.a1B2c3", "f"), path("f"));
  expect(pending.take(1, 0)).toEqual([{ path: "f", whole: false, since: 0, attempts: 0 }]);
});

const places = ["", "a", "a/b", "a/b/c", "a/b/d", "a/e", "ab", "f", "f/g"].map(asBytePath);
const place = fc.constantFrom(...places);
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("path" as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("tree" as const), at: place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("renamed" as const),
      at: place,
      to: place,
      type: fc.constantFrom("file" as const, "directory" as const),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("take" as const), limit: fc.nat(3) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("delivered" as const, "again" as const, "later" as const),
      which: fc.nat(5),
    }),
  },
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

/** What was added, told apart by whether the content below counts too; a model of the simplest kind. */
class Ledger {
  readonly pending: PendingSet;
  readonly #owed = new Map<string, { readonly change: Change & { path: string }; at: number }>();
  readonly #flying: { readonly path: string; readonly whole: boolean; readonly at: number }[] = [];
  #clock = 0;

  constructor(limit?: number) {
    this.pending = new PendingSet(limit === undefined ? {} : { limit });
  }

  get owed(): string[] {
    return [...this.#owed.keys()];
  }

  get flying(): number {
    return this.#flying.length;
  }

  add(change: Change): void {
    this.#clock += 1;
    this.pending.add(change, this.#clock);
    if (change.kind !== "renamed") this.#owe(change);
    else {
      this.#owe(change.isDirectory ? tree(change.to) : path(change.to));
      this.#owe(path(change.from));
    }
  }

  take(limit: number): void {
    this.#clock += 1;
    for (const { path, whole } of this.pending.take(limit, this.#clock)) {
      for (const other of this.#flying) {
        expect(isWithin(path, asBytePath(other.path))).toBe(false);
        expect(isWithin(asBytePath(other.path), path)).toBe(false);
      }
      this.#flying.push({ path, whole, at: this.#clock });
    }
    expect(this.pending.summary().inFlight).toBe(this.#flying.length);
  }

  land(how: "delivered" | "again" | "later", which: number): void {
    const [landed] = this.#flying.splice(which % Math.max(1, this.#flying.length), 1);
    if (landed === undefined) return;
    const landing = asBytePath(landed.path);
    if (how === "later") this.pending.later(landing, this.#clock, this.#clock + 3);
    else this.pending[how](landing);
    if (how === "delivered") this.#settle(landed);
  }

  #owe(change: Change): void {
    if (change.kind === "renamed") return;
    this.#owed.set(`${change.kind} ${change.path}`, { change, at: this.#clock });
  }

  #settle(landed: { readonly path: string; readonly whole: boolean; readonly at: number }): void {
    for (const [key, { change, at }] of this.#owed) {
      const isSame = change.path === landed.path && (landed.whole || change.kind === "path");
      const isBelow = landed.whole && isWithin(asBytePath(change.path), asBytePath(landed.path));
      if (at < landed.at && (isSame || isBelow)) this.#owed.delete(key);
    }
  }
}

function play(ledger: Ledger, step: Step): void {
  if (step.do === "path") ledger.add(path(step.at));
  else if (step.do === "tree") ledger.add(tree(step.at));
  else if (step.do === "take") ledger.take(step.limit);
  else if (step.do === "renamed") {
    if (step.at !== step.to) ledger.add(renamed(step.at, step.to, step.type));
  } else ledger.land(step.do, step.which);
}

test.each([
  ["", undefined],
  [" though hardly anything may wait", 3],
])("nothing is lost, whatever changes, fails and lands in between%s", (_, limit) => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), (script) => {
      const ledger = new Ledger(limit);
      for (const step of script) play(ledger, step);
      for (let round = 0; round < 200 && ledger.pending.size > 0; round += 1) {
        while (ledger.flying > 0) ledger.land("delivered", 0);
        ledger.take(3);
      }
      expect(ledger.pending.size).toBe(0);
      expect(ledger.owed).toEqual([]);
    }),
    { seed: 20_261_122, numRuns: 3_000 },
  );
});
