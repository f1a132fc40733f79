// From just before close(2) in one thread to the change in another. This file is the worker, too.
import { once } from "node:events";
import fs from "node:fs";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { openers } from "./openers.mjs";

const samples = 200;
const restMs = 20;

function now() {
  return performance.timeOrigin + performance.now();
}

async function measure(open, base) {
  const root = fs.mkdtempSync(`${base}/latency-`);
  let arrived = () => {};
  const watcher = await open(root, () => arrived(now()));
  const writer = new Worker(new URL(import.meta.url));
  await once(writer, "message");
  const tookMs = [];
  for (let i = 0; i < samples; i += 1) {
    const arrival = new Promise((resolve) => {
      arrived = resolve;
    });
    const sending = once(writer, "message");
    writer.postMessage(`${root}/${i}`);
    const [sent] = await sending;
    tookMs.push((await arrival) - sent);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  await writer.terminate();
  await watcher.close();
  tookMs.sort((a, b) => a - b);
  const at = (share) => tookMs[Math.floor(samples * share)].toFixed(2);
  return { "p50 ms": at(0.5), "p95 ms": at(0.95) };
}

export async function compareLatencies(base) {
  const rows = {};
  for (const [name, open] of Object.entries(openers)) rows[name] = await measure(open, base);
  console.log("latency of one event in an idle tree");
  console.table(rows);
}

if (!isMainThread) {
  parentPort.on("message", (file) => {
    const fd = fs.openSync(file, "w");
    const sent = now();
    fs.closeSync(fd);
    parentPort.postMessage(sent);
  });
  parentPort.postMessage("ready");
}
