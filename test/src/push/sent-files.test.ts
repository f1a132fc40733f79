import fs from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { asBytePath, RsyncError } from "../../../protocol/index.ts";
import type { Carrier } from "../../../src/push/carrier.ts";
import type { CarrierReport, CarryOptions } from "../../../src/push/carry.ts";
import { Comparison } from "../../../src/push/comparison.ts";
import { SentFiles } from "../../../src/push/sent-files.ts";
import { makeTree, temporaryDirectory } from "../../support/tree.ts";
import { batchOptions, excluding } from "./trees.ts";

const now = Date.now();

beforeEach(() => {
  vi.spyOn(Date, "now").mockReturnValue(now + 60_000);
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Sends `d` with all content, again and again, over a line that takes one more file each time. */
function place() {
  const root = temporaryDirectory();
  makeTree(root.path, { "d/1": "1", "d/2": "2", "d/3": "3" });
  const sentFiles = new SentFiles(root.path);
  const start = asBytePath("d");
  let sent: string[] = [];
  const carry = async ({ kind, entries, reports }: CarryOptions, report: CarrierReport) => {
    for (const { path } of entries) {
      if (!reports(path)) continue;
      sent.push(`${kind} ${path}`);
      report.delivered({ path, kind: "file", bytes: 1 });
      if (kind === "small") throw new RsyncError("CONNECT_TIMED_OUT", "cut off");
    }
  };
  const options = { ...batchOptions(root.path), deletes: false };
  const carrier = { options, rules: excluding(), carry } as unknown as Carrier;
  const quiet = (): void => {};
  const report = { delivered: quiet, failed: quiet, again: quiet, held: quiet };
  return {
    write: (path: string) => fs.writeFileSync(`${root.path}/${path}`, "new"),
    /** What was sent until the line broke, or all was through. */
    attempt: async () => {
      sent = [];
      const how = { kind: "small", sentFiles } as const;
      const scope = { deletes: false };
      await new Comparison([start], carrier, scope, how).run(report).catch(quiet);
      return sent;
    },
    [Symbol.dispose]: () => root[Symbol.dispose](),
  };
}

test("what has arrived is not sent again after a line broke, only compared in the end", async () => {
  using at = place();
  expect(await at.attempt()).toEqual(["small d/1"]);
  expect(await at.attempt()).toEqual(["small d/2"]);
  expect(await at.attempt()).toEqual(["small d/3"]);
  expect(await at.attempt()).toEqual(["scan d/1", "scan d/2", "scan d/3"]);
  expect(await at.attempt()).toEqual(["small d/1"]); // that was another time
});

test("what has changed since it arrived is sent again", async () => {
  using at = place();
  await at.attempt();
  at.write("d/1");
  expect(await at.attempt()).toEqual(["small d/1"]);
});

test("what had changed a moment before it was read is not trusted", async () => {
  using at = place();
  vi.mocked(Date.now).mockReturnValue(now);
  await at.attempt();
  expect(await at.attempt()).toEqual(["small d/1"]);
});
