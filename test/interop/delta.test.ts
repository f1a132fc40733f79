import fs from "node:fs";
import { expect, test } from "vitest";
import { tokenCompressions } from "../../protocol/delta/compression.ts";
import { type CompressionName, push, type TransferOptions } from "../../protocol/index.ts";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { random } from "../support/random.ts";
import { expectEqualTrees, makeTree, temporaryDirectory } from "../support/tree.ts";

const chance = random(50);
const noise = chance.bytes(700_000);
const words = ["rolling", "stone", "gathers", "no", "moss", "checksum", "\n"];
const text = Buffer.from(Array.from({ length: 60_000 }, () => chance.pick(words)).join(" "));

/** What is at the destination, and what shall be there. */
const before = {
  appended: noise.subarray(0, 300_000),
  edited: text,
  emptied: noise.subarray(0, 5000),
  equalBlocks: Buffer.alloc(400_000),
  inserted: noise,
  moved: noise.subarray(0, 500_000),
  truncated: text,
};
const after = {
  appended: Buffer.concat([before.appended, text.subarray(0, 90_000)]),
  edited: Buffer.concat([text.subarray(0, 100_000), Buffer.from("!"), text.subarray(100_003)]),
  emptied: Buffer.alloc(0),
  equalBlocks: Buffer.concat([Buffer.from("x"), Buffer.alloc(500_001)]),
  inserted: Buffer.concat([noise.subarray(0, 9999), text.subarray(0, 999), noise.subarray(9999)]),
  moved: Buffer.concat([noise.subarray(250_001, 500_000), noise.subarray(0, 250_001)]),
  new: Buffer.concat([text, noise.subarray(0, 100_000), text]),
  truncated: text.subarray(0, 123_456),
};
/** What the destination does not have; all of it but 100,999 bytes is text. */
const freshBytes = 90_000 + 999 + after.new.length;

const plain: TransferOptions = { recursive: true, times: true, perms: true };
const compressions: readonly (CompressionName | false)[] = [false, ...tokenCompressions];

describeDaemons("a delta push", (version) => {
  /** Pushes over what was there before; any redo or complaint would be a text. */
  async function pushChanges(transfer: TransferOptions): Promise<number> {
    await using daemon = await startDaemon({ version, modules: { backup: {} } });
    using source = temporaryDirectory();
    makeTree(daemon.path("backup"), before);
    makeTree(source.path, after);
    // Within one second rsync takes directory times for equal, and leaves that of the last rename.
    fs.utimesSync(source.path, 1_700_000_000, 1_700_000_000);
    const { compress } = transfer;
    const features = typeof compress === "string" ? { compressChoice: compress } : {};
    const { report } = await push(source.path, daemon.url("backup"), { transfer, features });
    expect(report.texts).toEqual([]);
    expectEqualTrees(source.path, daemon.path("backup"));
    return report.bytesSent;
  }

  test.each(compressions)(
    "compressed with %s: the daemon rebuilds every file at once",
    async (compress) => {
      const sent = await pushChanges({ ...plain, ignoreTimes: true, compress });
      expect(sent).toBeLessThan(compress ? freshBytes / 2 : freshBytes + 60_000);
    },
  );

  test.each(compressions)("in place, compressed with %s", async (compress) => {
    await pushChanges({ ...plain, ignoreTimes: true, inplace: true, compress });
  });

  test.each([1, 9])("zlib level %i", async (compressLevel) => {
    await pushChanges({ ...plain, ignoreTimes: true, compress: "zlib", compressLevel });
  });
});
