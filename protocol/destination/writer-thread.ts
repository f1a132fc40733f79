import { parentPort } from "node:worker_threads";
import type { Answer, Order } from "./disk-thread.ts";
import { writeFiles } from "./file-writer.ts";
import { type LibC, libC } from "./libc.ts";

// Node says "online" before this has run: only an answer tells that the thread works.
parentPort?.on("message", ({ buffer, length }: Order) => {
  const failures = writeFiles(libC() as LibC, Buffer.from(buffer, 0, length));
  parentPort?.postMessage({ buffer, failures } satisfies Answer, [buffer]);
});
parentPort?.postMessage({ buffer: undefined, failures: [] } satisfies Answer);
