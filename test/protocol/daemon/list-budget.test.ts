import { expect, test } from "vitest";
import { ListBudget } from "../../../protocol/daemon/list-budget.ts";

test("one session gets half of the memory at most, the next one half of the rest", () => {
  const budget = new ListBudget(1_000);
  const greedy = budget.share();
  greedy.spend(500);
  expect(() => greedy.spend(1)).toThrow("no memory left");
  const next = budget.share();
  next.spend(250);
  expect(() => next.spend(1)).toThrow("no memory left");
});

test("what a session had is there for others when it ends, once", () => {
  const budget = new ListBudget(1_000);
  const first = budget.share();
  first.spend(400);
  first.giveBack();
  first.giveBack();
  budget.share().spend(500);
  expect(() => budget.share().spend(251)).toThrow("no memory left");
});
