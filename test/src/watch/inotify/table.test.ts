import fc from "fast-check";
import { expect, test } from "vitest";
import { noSlot, rootSlot, WatchTable } from "../../../../src/watch/inotify/table.ts";

test("a directory has a path through its parents, and a rename changes all below it", () => {
  const table = new WatchTable();
  const a = table.add(rootSlot, "a");
  const c = table.add(table.add(a, "b"), "c");
  expect(table.path(c)).toBe("a/b/c");
  table.moveAway(a);
  expect(table.path(c)).toBeUndefined();
  expect(table.find(rootSlot, "a")).toBe(noSlot);
  table.move(a, rootSlot, "z");
  expect(table.path(c)).toBe("z/b/c");
  expect(table.find(rootSlot, "z")).toBe(a);
});

test("a watch that stands for two directories is released with the second", () => {
  const table = new WatchTable();
  const [a, b] = [table.add(rootSlot, "a"), table.add(rootSlot, "b")];
  table.attach(a, 7);
  table.attach(b, 7);
  expect(new Set(table.slotsOf(7))).toEqual(new Set([a, b]));
  expect(table.detach(a)).toBe(0);
  expect(table.detach(b)).toBe(7);
  expect(table.hasWatch(7)).toBe(false);
});

/** The same tree as a map of paths, beside the table. */
class Model {
  readonly table: WatchTable = new WatchTable();
  readonly slots = new Map<string, number>([["", rootSlot]]);
  /** The watches in use, and those the table should have released. */
  readonly watches = new Map<string, number>();
  readonly released: number[] = [];
  readonly expectedReleases: number[] = [];
  #nextWatch = 1;

  pick(index: number): string {
    return [...this.slots.keys()][index % this.slots.size] ?? "";
  }

  add(parent: string, name: string): void {
    const path = join(parent, name);
    if (!this.slots.has(path)) this.slots.set(path, this.table.add(this.#slot(parent), name));
  }

  watch(path: string): void {
    this.table.attach(this.#slot(path), this.#nextWatch);
    this.watches.set(path, this.#nextWatch);
    this.#nextWatch += 1;
  }

  remove(path: string): void {
    if (path === "") return;
    this.table.remove(this.#slot(path), (wd) => this.released.push(wd));
    for (const key of this.#within(path)) {
      this.expectedReleases.push(...[this.watches.get(key) ?? []].flat());
      this.watches.delete(key);
      this.slots.delete(key);
    }
  }

  move(path: string, parent: string, name: string): void {
    const target = join(parent, name);
    if (path === "" || this.slots.has(target) || target.startsWith(`${path}/`)) return;
    this.table.moveAway(this.#slot(path));
    this.table.move(this.#slot(path), this.#slot(parent), name);
    for (const key of this.#within(path)) {
      for (const map of [this.slots, this.watches]) {
        const value = map.get(key);
        if (value !== undefined) map.set(target + key.slice(path.length), value);
        map.delete(key);
      }
    }
  }

  #slot(path: string): number {
    return this.slots.get(path) ?? noSlot;
  }

  #within(path: string): string[] {
    return [...this.slots.keys()].filter((key) => key === path || key.startsWith(`${path}/`));
  }
}

function join(parent: string, name: string): string {
  return parent === "" ? name : `${parent}/${name}`;
}

const step = fc.tuple(
  fc.constantFrom("add", "add", "add", "remove", "move", "watch"),
  fc.nat(40),
  fc.nat(40),
  fc.constantFrom("a", "b", "c", "\xff", "d e"),
);

test("holds the same tree as a plain map of paths, whatever is done to it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const model = new Model();
      for (const [action, from, to, name] of steps) {
        const [path, parent] = [model.pick(from), model.pick(to)];
        if (action === "add") model.add(parent, name);
        else if (action === "watch") model.watch(path);
        else if (action === "remove") model.remove(path);
        else model.move(path, parent, name);
      }
      const { table, slots, watches } = model;
      expect([table.size, table.watched]).toEqual([slots.size, watches.size]);
      for (const [path, slot] of slots) expect(table.path(slot)).toBe(path);
      for (const [path, wd] of watches) expect(table.slotsOf(wd)).toEqual([slots.get(path)]);
      expect(new Set(model.released)).toEqual(new Set(model.expectedReleases));
    }),
    { seed: 20261122, numRuns: 300 },
  );
});

test("a hundred thousand directories are found again after growing", () => {
  const table = new WatchTable();
  for (let i = 0; i < 100_000; i += 1) table.attach(table.add(rootSlot, `directory ${i}`), i + 1);
  expect(table.watched).toBe(100_000);
  expect(table.path(table.find(rootSlot, "directory 77777"))).toBe("directory 77777");
  expect(table.slotsOf(99_999).map((slot) => table.path(slot))).toEqual(["directory 99998"]);
});
