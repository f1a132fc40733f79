import { describe, expect, test } from "vitest";
import { daemonVersions } from "../support/daemon.ts";
import { runChurn } from "./churn.ts";
import { soakSize } from "./size.ts";
import { variants } from "./variants.ts";

const { seeds, versions, variants: wanted, ...size } = soakSize();
const chosen = variants.filter(({ name }) => wanted.length === 0 || wanted.includes(name));

const receivers = ([...daemonVersions, "sersync"] as const).filter((each) =>
  versions.includes(each),
);

describe.each(receivers)("receiver %s", (version) => {
  describe.each(chosen)("$name", (variant) => {
    test.each(seeds)("seed %i", async (seed) => {
      const { operations, churnMs, convergenceMs } = await runChurn(variant, version, seed, size);
      console.log(
        `${variant.name}, receiver ${version}, seed ${seed}: ${operations} operations in ` +
          `${(churnMs / 1_000).toFixed(1)} s, equal ${(convergenceMs / 1_000).toFixed(2)} s later`,
      );
      expect(operations).toBeGreaterThan(0);
    });
  });
});
