import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { inProject } from "../support/command.mjs";
import { describeDaemons, startDaemon } from "../support/daemon.ts";
import { startMirror, untilEqualTrees } from "../support/mirror.ts";
import { temporaryDirectory } from "../support/tree.ts";

// SERSYNC_CHURNS=50 SERSYNC_CHURN_MS=5000 is the nightly size.
const churns = Number(process.env["SERSYNC_CHURNS"] ?? 1);
const firstSeed = Number(process.env["SERSYNC_CHURN_SEED"] ?? 1);
const durationMs = Number(process.env["SERSYNC_CHURN_MS"] ?? 2_000);
const seeds = Array.from({ length: churns }, (_, i) => firstSeed + i);

/** Changes the tree at random from two processes; returns how many operations did something. */
async function churn(root: string, seed: number): Promise<number> {
  const run = promisify(execFile);
  const script = inProject("test/interop/churn.mjs");
  const counts = await Promise.all(
    [1, 2].map((part) =>
      run(process.execPath, [script, root, `${seed * 10 + part}`, `${durationMs}`]),
    ),
  );
  return counts.reduce((sum, { stdout }) => sum + Number(stdout), 0);
}

describeDaemons("churn", (version) => {
  test.each(seeds)(
    "of two processes ends in equal trees, seed %i",
    async (seed) => {
      await using daemon = await startDaemon({ version, modules: { backup: {} } });
      using source = temporaryDirectory();
      await using mirror = await startMirror({
        source: source.path,
        port: daemon.port,
        remotes: [{ module: "backup" }],
      });
      const operations = await churn(source.path, seed);
      expect(operations).toBeGreaterThan(500);
      const explain = () => mirror.output().slice(-8_000);
      await untilEqualTrees(source.path, daemon.path("backup"), { explain });
    },
    60_000,
  );
});
