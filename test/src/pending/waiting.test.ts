import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import { PendingSet } from "../../../src/pending/pending.ts";
import { fresh } from "../../../src/pending/state.ts";
import { Waiting } from "../../../src/pending/waiting.ts";
import { path, renamed } from "./changes.ts";

const a = asBytePath("a");
const b = asBytePath("b");
const c = asBytePath("c");

function due(waiting: Waiting, now = 0): string[] {
  return [...waiting.due(now)].map(([path]) => path);
}

test("what rests comes when its time has come, and says when that is", () => {
  const waiting = new Waiting();
  waiting.set(a, { ...fresh, notBefore: 30 });
  waiting.set(b, { ...fresh, notBefore: 20 });
  waiting.set(c, { ...fresh });
  expect(due(waiting, 10)).toEqual(["c"]);
  expect(waiting.nextDue).toBe(20);
  expect(due(waiting, 20)).toEqual(["c", "b"]);
  expect(waiting.nextDue).toBe(30);
  waiting.hurryAll();
  expect(due(waiting, 20)).toEqual(["c", "b", "a"]);
  expect(waiting.nextDue).toBeUndefined();
});

test("what is blocked is not looked at until its blocker is released or waits no more", () => {
  const waiting = new Waiting();
  for (const each of [a, b, c]) waiting.set(each, { ...fresh });
  waiting.block(a, c);
  waiting.block(b, c);
  expect(due(waiting)).toEqual(["c"]);
  expect(waiting.dueCount(0)).toBe(1);
  waiting.delete(c);
  expect(due(waiting)).toEqual(["a", "b"]);
  waiting.block(a, b);
  waiting.block(b, a);
  expect(waiting.dueCount(0)).toBe(0);
  waiting.release(a);
  expect(due(waiting)).toEqual(["b"]);
});

test("an old name whose new name is refused does not hide when that is tried again", () => {
  const pending = new PendingSet();
  pending.add(path("old"), 0);
  pending.add(renamed("old", "new"), 0);
  expect(pending.take(9, 0).map((taken) => taken.path)).toEqual(["new"]);
  pending.later(asBytePath("new"), 0, 1_000, { reason: "refused" });
  expect(pending.take(9, 500)).toEqual([]);
  expect(pending.dueCount(500)).toBe(0);
  expect(pending.nextDue()).toBe(1_000);
});

test("an old name stays while its new name is refused, and goes when that has arrived or is gone", () => {
  const pending = new PendingSet();
  pending.add(path("old"), 0);
  pending.add(renamed("old", "new"), 0);
  for (let now = 0; now < 20_000; now += 1_000) {
    expect(pending.take(9, now).map((taken) => taken.path)).toEqual(["new"]);
    if (now % 3_000 === 0) pending.add(path("new"), now);
    pending.later(asBytePath("new"), now, now + 1_000, { reason: "refused" });
  }
  expect(pending.take(9, 20_000).map((taken) => taken.path)).toEqual(["new"]);
  pending.delivered(asBytePath("new"));
  expect(pending.take(9, 20_000).map((taken) => taken.path)).toEqual(["old"]);
});

test("an old name waits for where its object has moved on to, not for the refused name between", () => {
  const pending = new PendingSet();
  const refuse = (name: string, now: number): void => {
    for (const { path: taken } of pending.take(9, now)) {
      if (taken === name) pending.later(taken, now, 9_000_000, { reason: "refused" });
      else pending.delivered(taken);
    }
  };
  pending.add(path("old"), 0);
  pending.add(renamed("old", "refused"), 0);
  for (let now = 0; now < 5; now += 1) refuse("refused", now);
  pending.add(renamed("refused", "fine"), 5);
  expect(pending.take(9, 5).map((taken) => taken.path)).toEqual(["fine"]);
  pending.delivered(asBytePath("fine"));
  for (let now = 6; now < 9; now += 1) refuse("refused", now);
  expect([...pending.paths()].map((each) => each.path)).toEqual(["refused"]);
});

test("a refused name that is replaced again and again keeps only its last old name", () => {
  const pending = new PendingSet();
  for (let i = 0; i < 100; i += 1) {
    pending.add(path(`tmp${i}`), i);
    pending.add(renamed(`tmp${i}`, "new"), i);
    for (const { path: taken } of pending.take(9, i)) {
      if (taken === "new") pending.later(taken, i, i + 1, { reason: "refused" });
      else pending.delivered(taken);
    }
  }
  for (const { path: taken } of pending.take(9, 100)) {
    if (taken === "new") pending.later(taken, 100, 1_000, { reason: "refused" });
    else pending.delivered(taken);
  }
  expect([...pending.paths()].map((each) => each.path)).toEqual(["tmp99", "new"]);
});

test("names that moved in a circle do not wait for each other for ever", () => {
  const pending = new PendingSet();
  const changes = [
    renamed("e/f", "a/d"),
    { kind: "tree", path: asBytePath("a") } as const,
    renamed("a", "e"),
    renamed("e", "a/b/c"),
  ];
  for (const change of changes) pending.add(change, 0);
  for (let round = 0; round < 9; round += 1) {
    for (const taken of pending.take(9, 0)) pending.delivered(taken.path);
  }
  expect(pending.size).toBe(0);
});

test("thousands of paths below a tree that is in flight cost nothing until it has landed", () => {
  const pending = new PendingSet();
  pending.add({ kind: "tree", path: asBytePath("d") }, 0);
  pending.take(1, 0);
  for (let i = 0; i < 20_000; i += 1) pending.add(path(`d/${i}`), 0);
  pending.take(1_000, 0); // looks at each of them once
  expect(pending.dueCount(0)).toBe(0);
  pending.delivered(asBytePath("d"));
  expect(pending.take(1_000, 0)).toHaveLength(1_000);
});
