import { describe, expect, test } from "vitest";
import { runChurn } from "../soak/churn.ts";
import { variants } from "../soak/variants.ts";
import { daemonVersions } from "../support/daemon.ts";

// The small version of `npm run soak`, which repeats a run that failed:
// `npm run soak -- --variant plain --seed 1 --operations 600 --objects 100 --rsync 3.5.0`.
const chosen = {
  "3.5.0": ["plain", "everything"],
  "3.2.7": ["plain", "program killed"],
  sersync: ["daemon killed"],
};
const size = { startObjects: 100, operations: 600, deadlineMs: 45_000 };
const seed = 1;

describe.each(["3.5.0", "3.2.7", "sersync"] as const)(
  "trees that change at random, receiver %s",
  (receiver) => {
    const isHere = receiver === "sersync" || daemonVersions.includes(receiver);
    test.skipIf(!isHere).each(variants.filter(({ name }) => chosen[receiver].includes(name)))(
      `become equal at the target: $name, seed ${seed}`,
      async (variant) => {
        const { operations } = await runChurn(variant, receiver, seed, size);
        expect(operations).toBeGreaterThanOrEqual(size.operations);
      },
    );
  },
);
