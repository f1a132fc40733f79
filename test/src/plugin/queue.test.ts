import fc from "fast-check";
import { expect, test } from "vitest";
import { PluginQueue, type Waiting } from "../../../src/plugin/queue.ts";
import { eventOf } from "./events.ts";

function pathsOf(queue: PluginQueue): string[] {
  const taken: string[] = [];
  for (let next = queue.take(); next; next = queue.take()) taken.push(next.event.path);
  return taken;
}

test("a path stands in it once, with what was last known", () => {
  const queue = new PluginQueue(10);
  queue.add(eventOf("a"));
  queue.add(eventOf("b"));
  queue.add(eventOf("a", { kind: "delete" }));
  expect(queue.waiting).toBe(2);
  expect(queue.take()).toMatchObject({ event: { path: "a", kind: "delete" }, attempts: 0 });
});

test("the same path at two targets are two", () => {
  const queue = new PluginQueue(10);
  queue.add(eventOf("a"));
  queue.add(eventOf("a", { target: "other" }));
  expect(pathsOf(queue)).toEqual(["a", "a"]);
});

test("a path under way is not begun a second time", () => {
  const queue = new PluginQueue(10);
  queue.add(eventOf("a"));
  const first = queue.take() as Waiting;
  queue.add(eventOf("a"));
  queue.add(eventOf("b"));
  expect(pathsOf(queue)).toEqual(["b"]);
  queue.settle(first);
  expect(pathsOf(queue)).toEqual(["a"]);
});

test("what is refused goes first, unless something newer is known", () => {
  const queue = new PluginQueue(10);
  for (const path of ["a", "b", "c"]) queue.add(eventOf(path));
  const [a, b] = [queue.take() as Waiting, queue.take() as Waiting];
  queue.add(eventOf("b", { kind: "delete" }));
  queue.settle(a, { attempts: 1 });
  queue.settle(b, { attempts: 1 });
  expect(queue.take()).toMatchObject({ event: { path: "a" }, attempts: 1 });
  expect(queue.take()).toMatchObject({ event: { path: "c" } });
  expect(queue.take()).toMatchObject({ event: { path: "b", kind: "delete" }, attempts: 0 });
});

test("beyond its limit the oldest are left out, and counted", () => {
  const queue = new PluginQueue(3);
  for (const path of ["a", "b", "c", "d", "e"]) queue.add(eventOf(path));
  expect(queue.dropped).toBe(2);
  expect(pathsOf(queue)).toEqual(["c", "d", "e"]);
});

test("no order of events and answers makes it grow or run a path twice at a time", () => {
  const step = fc.record({
    path: fc.nat({ max: 9 }),
    does: fc.constantFrom("add", "take", "again", "done"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new PluginQueue(4);
      const running: Waiting[] = [];
      for (const { path, does } of steps) {
        if (does === "add") queue.add(eventOf(String(path)));
        else if (does === "take" && running.length < 3) {
          const taken = queue.take();
          if (taken) running.push(taken);
        } else {
          const settled = running.shift();
          if (settled) queue.settle(settled, does === "again" ? { attempts: 1 } : undefined);
        }
        const paths = running.map(({ event }) => event.path);
        expect(new Set(paths).size).toBe(paths.length);
        expect(queue.waiting).toBeLessThanOrEqual(4 + 3);
      }
    }),
    { seed: 6 },
  );
});
