import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { asBytePath } from "../../../protocol/index.ts";
import type { JobFailure, TargetSettings } from "../../../src/push/message.ts";
import { type JobListener, PushThreads } from "../../../src/push/threads.ts";

/** A thread that delivers everything to the targets it knows, and fails at one path. */
const script = `
const { parentPort } = require("node:worker_threads");
const known = new Set();
parentPort.on("message", ({ kind, settings, job, targetId, paths }) => {
  if (kind === "target") known.add(settings.id);
  if (kind === "close") parentPort.close();
  if (kind !== "deliver") return;
  if (paths[0].path === "bad") throw new Error("no such thing");
  const failure = known.has(targetId) ? undefined : { code: "INTERNAL", message: "unknown" };
  parentPort.postMessage({ kind: "finished", job, failure });
});`;

function startThreads(count: number) {
  const restarted: (readonly number[])[] = [];
  const addTarget = (id: number): void => threads.addTarget({ id } as TargetSettings);
  const onRestart = (ids: readonly number[]): void => {
    restarted.push(ids);
    for (const id of ids) addTarget(id);
  };
  const threads = new PushThreads(count, onRestart, () => new Worker(script, { eval: true }));
  const deliver = (id: number, path: string): Promise<JobFailure | undefined> =>
    new Promise((finished) => {
      const asked = [{ path: asBytePath(path), whole: false }];
      threads.deliver(id, asked, { finished } as JobListener);
    });
  return { threads, restarted, addTarget, deliver };
}

test("a thread that fails is begun anew, knows its targets, and only its own jobs have failed", async () => {
  const { threads, restarted, addTarget, deliver } = startThreads(2);
  for (const id of [0, 1, 2]) addTarget(id);
  const failed = [deliver(0, "bad"), deliver(2, "beside it")];
  const others = [deliver(1, "elsewhere")];
  expect(await Promise.all(others)).toEqual([undefined]);
  const failure = { code: "INTERNAL", message: "no such thing", retryable: true };
  expect(await Promise.all(failed)).toEqual([failure, failure]);
  expect(restarted).toEqual([[0, 2]]);
  const again = [0, 1, 2].map((id) => deliver(id, "good"));
  expect(await Promise.all(again)).toEqual([undefined, undefined, undefined]);
  await threads.close();
});
