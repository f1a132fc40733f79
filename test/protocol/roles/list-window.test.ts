import fc from "fast-check";
import { expect, test } from "vitest";
import { deletion, type FileEntry } from "../../../protocol/flist/entry.ts";
import { asBytePath } from "../../../protocol/path.ts";
import { ListWindow, WholeList } from "../../../protocol/roles/list-window.ts";

const entry = (path: string): FileEntry => ({ ...deletion(asBytePath(path)), mode: 0o100644 });
const directory = (path: string): FileEntry => ({ ...entry(path), mode: 0o40755 });
const names = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, i) => entry(`${prefix}${i}`));

test("the numbers of a list begin behind the hole that stands for its directory", () => {
  const window = new ListWindow();
  window.add([directory(""), entry("a"), directory("d")], { directory: directory(""), place: 0 });
  window.add([entry("d/x")], { directory: directory("d"), place: 2 });
  const at = (index: number) => [window.entry(index)?.path, window.place(index)];
  expect([0, 1, 2, 3, 4, 5].map(at)).toEqual([
    ["", 0],
    ["", 0],
    ["a", 1],
    ["d", 2],
    ["d", 2],
    ["d/x", 3],
  ]);
  expect([window.entry(6), window.entry(-1), window.entry(0x7fffffff)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test("without a root in the first list its hole stands for nothing", () => {
  const window = new ListWindow();
  window.add([entry("a")], { directory: undefined, place: -1 });
  expect([window.entry(0), window.entry(1)?.path]).toEqual([undefined, "a"]);
});

test("lists that are done with are gone, the last only when none follows", () => {
  const window = new ListWindow();
  window.add(names(2, "a"), { directory: undefined, place: -1 });
  window.add(names(2, "b"), { directory: directory("b"), place: 0 });
  expect(window.finishList()).toBe(false);
  expect([1, 3].map((index) => window.isPast(index))).toEqual([true, false]);
  expect([window.entry(1), window.entry(4)?.path]).toEqual([undefined, "b0"]);
  expect(() => window.finishList()).toThrow(/still to come/);
  window.complete();
  expect([window.finishList(), window.finishList()]).toEqual([true, true]);
  expect(window.entry(4)).toBeUndefined();
});

test("empty lists have a hole only", () => {
  const window = new ListWindow();
  window.add([directory("d")], { directory: undefined, place: -1 });
  window.add([], { directory: directory("d"), place: 0 });
  window.add([], { directory: directory("e"), place: 0 });
  expect([1, 2, 3, 4].map((index) => window.entry(index)?.path)).toEqual([
    "d",
    "d",
    "e",
    undefined,
  ]);
});

/** What happens to a window: a list is sent, one is done with, a number is asked for. */
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.nat(5) }) },
    { weight: 2, arbitrary: fc.record({ finish: fc.constant(true) }) },
    { weight: 4, arbitrary: fc.record({ ask: fc.double({ min: 0, max: 1, noNaN: true }) }) },
  ),
  { maxLength: 200 },
);

/** A window, and the same as one array of everything that has a number. */
class Twins {
  readonly window: ListWindow = new ListWindow();
  readonly slots: (FileEntry | undefined)[] = [];
  readonly #open: { readonly first: number; readonly count: number }[] = [];
  #asked = 0;

  add(count: number): void {
    const entries = names(count, `${this.slots.length}-`);
    const hole = directory(`dir${this.slots.length}`);
    this.window.add(entries, { directory: hole, place: 0 });
    this.#open.push({ first: this.slots.length, count });
    this.slots.push(hole, ...entries);
  }

  finish(): void {
    if (this.#open.length < 2) return;
    this.window.finishList();
    const gone = this.#open.shift();
    if (gone !== undefined) this.slots.fill(undefined, gone.first, gone.first + gone.count + 1);
  }

  /** What both have at a place of all that there is, and a bit beyond. */
  ask(part: number): readonly [FileEntry | undefined, FileEntry | undefined] {
    const index = Math.floor(part * (this.slots.length + 2)) - 1;
    const slot = this.slots[index];
    if (slot !== undefined) this.#asked = Math.max(this.#asked, index);
    return [this.window.entry(index), slot];
  }

  get ahead(): number {
    const at = this.#open.findLast(({ first }) => first <= this.#asked) ?? this.#open[0];
    return at === undefined ? 0 : this.slots.length - (at.first + 1 + at.count);
  }
}

test("a window is what a list of all numbers would be", () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const twins = new Twins();
      for (const step of taken) {
        if ("add" in step) twins.add(step.add);
        else if ("finish" in step) twins.finish();
        const [found, expected] = twins.ask("ask" in step ? step.ask : 0);
        expect(found).toBe(expected);
        expect(twins.window.ahead).toBe(twins.ahead);
      }
      expect(twins.window.nextIndex).toBe(twins.slots.length + 1);
    }),
    { seed: 7, numRuns: 300 },
  );
});

test("in a whole list a number is a place", () => {
  const list = new WholeList(names(2, "a"));
  expect([0, 1, 2].map((index) => list.entry(index)?.path)).toEqual(["a0", "a1", undefined]);
  expect([list.place(1), list.isPast(), list.finishList()]).toEqual([1, false, true]);
});
