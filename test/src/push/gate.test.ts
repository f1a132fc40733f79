import { expect, test } from "vitest";
import { Gate } from "../../../src/push/gate.ts";

test("an open gate lets everything through", async () => {
  await new Gate().passed();
});

test("what comes to a closed gate goes on when it is opened, in its order", async () => {
  const gate = new Gate();
  const passed: number[] = [];
  gate.close();
  const all = [1, 2, 3].map((each) => gate.passed().then(() => passed.push(each)));
  await Promise.resolve();
  expect(passed).toEqual([]);
  gate.open();
  await Promise.all(all);
  expect(passed).toEqual([1, 2, 3]);
});

test("what waits can be sent away, and so is what comes later, until it is closed anew", async () => {
  const gate = new Gate();
  gate.close();
  const refused = gate.passed();
  gate.refuse(new Error("no more"));
  await expect(refused).rejects.toThrow("no more");
  await expect(gate.passed()).rejects.toThrow("no more");
  gate.close();
  let isThrough = false;
  const later = gate.passed().then(() => {
    isThrough = true;
  });
  await Promise.resolve();
  expect(isThrough).toBe(false);
  gate.open();
  await later;
});

test("an open gate refuses nothing", async () => {
  const gate = new Gate();
  gate.refuse(new Error("no more"));
  await gate.passed();
});
