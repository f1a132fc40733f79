// `npm run soak`: trees that change at random, on purpose for long, while everything that can break
// does. `npm run soak -- --variant plain --seed 7` repeats one run; `--flat` watches memory instead.

import { parseArgs } from "node:util";
import { build, preparePackages } from "../prepare.mjs";
import { runNode } from "../support/command.mjs";
import { prepareDaemons } from "../support/daemons.mjs";

const { values } = parseArgs({
  options: {
    // The first seed, and how many there are.
    seed: { type: "string", default: "1" },
    seeds: { type: "string", default: "1" },
    objects: { type: "string", default: "1000" },
    operations: { type: "string", default: "50000" },
    processes: { type: "string", default: "3" },
    variant: { type: "string", multiple: true, default: [] },
    // Seconds after the last operation; a busy machine needs more.
    deadline: { type: "string", default: "10" },
    // "sersync": our own daemon.
    rsync: { type: "string", multiple: true, default: ["3.5.0", "3.2.7"] },
    // Memory and descriptors under a steady load, for so many minutes.
    flat: { type: "boolean", default: false },
    minutes: { type: "string", default: "30" },
    rate: { type: "string", default: "100" },
  },
});

const first = Number(values.seed);
const size = {
  seeds: Array.from({ length: Number(values.seeds) }, (_, i) => first + i),
  startObjects: Number(values.objects),
  operations: Number(values.operations),
  processes: Number(values.processes),
  deadlineMs: Number(values.deadline) * 1_000,
  versions: values.rsync,
  variants: values.variant,
  minutes: Number(values.minutes),
  writesPerSecond: Number(values.rate),
};

/** Returns the exit code. */
async function main() {
  for (const prepare of [preparePackages, prepareDaemons, build]) {
    const { ok, skipped, problem } = await prepare();
    if (problem !== undefined) console.error(problem);
    if (!ok && !skipped) return 1;
  }
  const file = values.flat ? "flat.soak.ts" : "churn.soak.ts";
  const argv = ["run", "--config", "test/soak/vitest.config.ts", `test/soak/${file}`];
  process.env.SERSYNC_SOAK = JSON.stringify(size);
  const done = runNode("node_modules/vitest/vitest.mjs", argv, {
    show: true,
    timeoutMs: 86_400_000,
  });
  return done.ok ? 0 : 1;
}

process.exitCode = await main();
