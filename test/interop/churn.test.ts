import { expect, test } from "vitest";
import { runChurn } from "../soak/churn.ts";
import { variants } from "../soak/variants.ts";
import { describeDaemons } from "../support/daemon.ts";

// The small version of `npm run soak`, which repeats a run that failed:
// `npm run soak -- --variant plain --seed 1 --operations 600 --objects 100`.
const chosen = { "3.5.0": ["plain", "everything"], "3.2.7": ["plain", "program killed"] };
const size = { startObjects: 100, operations: 600, deadlineMs: 20_000 };
const seed = 1;

describeDaemons("trees that change at random", (version) => {
  test.each(variants.filter(({ name }) => chosen[version].includes(name)))(
    `become equal at the target: $name, seed ${seed}`,
    async (variant) => {
      const { operations } = await runChurn(variant, version, seed, size);
      expect(operations).toBeGreaterThanOrEqual(size.operations);
    },
  );
});
