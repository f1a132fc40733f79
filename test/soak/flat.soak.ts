import fs from "node:fs";
import { expect, test } from "vitest";
import { daemonVersions } from "../support/daemon.ts";
import { untilEqualTrees } from "../support/mirror.ts";
import { startRig } from "./rig.ts";
import { soakSize } from "./size.ts";

interface Sample {
  readonly atMs: number;
  readonly rssBytes: number;
  readonly descriptors: number;
}

const { minutes, writesPerSecond } = soakSize();
const durationMs = minutes * 60_000;
const stepMs = 100;
const sampleMs = 5_000;
/** Until then heaps and caches grow to their size. */
const warmUpShare = 0.25;
const pageBytes = 4096;
const files = 2_000;

function sample(pid: number, startedAt: number): Sample {
  const [, resident] = fs.readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
  return {
    atMs: performance.now() - startedAt,
    rssBytes: Number(resident) * pageBytes,
    descriptors: fs.readdirSync(`/proc/${pid}/fd`).length,
  };
}

/** How fast a value grows, per hour, by least squares. */
function growthPerHour(samples: readonly Sample[], value: (of: Sample) => number): number {
  const mean = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const meanMs = mean(samples.map(({ atMs }) => atMs));
  const meanValue = mean(samples.map(value));
  let covariance = 0;
  let variance = 0;
  for (const each of samples) {
    covariance += (each.atMs - meanMs) * (value(each) - meanValue);
    variance += (each.atMs - meanMs) ** 2;
  }
  return (covariance / variance) * 3_600_000;
}

/** Writes at an even rate, each file again and again, and samples the program meanwhile. */
async function writeSteadily(source: string, pid: number): Promise<Sample[]> {
  const startedAt = performance.now();
  const samples: Sample[] = [];
  for (let done = 0; performance.now() - startedAt < durationMs; ) {
    const due = ((performance.now() - startedAt) / 1_000) * writesPerSecond;
    for (; done < due; done += 1) {
      const name = `${source}/d${done % 20}/f${done % files}`;
      fs.writeFileSync(name, Buffer.alloc(1_000 + (done % 9_000), `${done} `));
    }
    const { atMs = -sampleMs } = samples.at(-1) ?? {};
    if (performance.now() - startedAt - atMs >= sampleMs) samples.push(sample(pid, startedAt));
    await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
  return samples;
}

test(`memory and descriptors stay flat for ${minutes} minutes of ${writesPerSecond} writes/s`, async () => {
  const [version = "3.5.0"] = daemonVersions;
  await using rig = await startRig({ version, seed: 1, startObjects: 0 });
  const { pid = 0 } = rig.mirror();
  for (let i = 0; i < 20; i += 1) fs.mkdirSync(`${rig.source}/d${i}`);
  const samples = await writeSteadily(rig.source, pid);
  await untilEqualTrees(rig.source, rig.target);
  const settled = samples.filter(({ atMs }) => atMs > durationMs * warmUpShare);
  const first = settled[0] as Sample;
  const last = settled.at(-1) as Sample;
  const rssGrowth = growthPerHour(settled, ({ rssBytes }) => rssBytes);
  const descriptorGrowth = growthPerHour(settled, ({ descriptors }) => descriptors);
  console.log(
    `RSS ${mib(first.rssBytes)} to ${mib(last.rssBytes)} MiB (${mib(rssGrowth)} MiB/h), ` +
      `descriptors ${first.descriptors} to ${last.descriptors} ` +
      `(${descriptorGrowth.toFixed(1)} an hour), ${settled.length} samples`,
  );
  // What the slope over the whole run came to: noise of the collector is more than this.
  const grownBytes = rssGrowth * (durationMs / 3_600_000);
  expect(grownBytes).toBeLessThan(32 * 1024 * 1024);
  expect(last.descriptors - first.descriptors).toBeLessThan(20);
});

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
