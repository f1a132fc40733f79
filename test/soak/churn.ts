import { execFile } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { promisify } from "node:util";
import { expect } from "vitest";
import { inProject } from "../support/command.mjs";
import { random } from "../support/random.ts";
import { readTree } from "../support/tree.ts";
import { type Receiver, type Rig, startRig } from "./rig.ts";
import { compareAll, compareStill, type ReadTree, type Variant } from "./variants.ts";

export interface ChurnSize {
  /** Default 120. */
  readonly startObjects?: number;
  /** How many operations are to do something; default 2,000. */
  readonly operations?: number;
  /** How many processes change the tree at the same time; default 2. */
  readonly processes?: number;
  /** How long the trees may differ after the last operation; default 10,000. */
  readonly deadlineMs?: number;
}

/** What a run came to. */
export interface ChurnResult {
  readonly operations: number;
  readonly churnMs: number;
  /** From the last operation, or the end of the disturbance, until the trees were equal. */
  readonly convergenceMs: number;
}

/**
 * Changes a tree at random while it is mirrored and `variant` befalls those who do it, and waits
 * until the target is as it must be.
 *
 * Fails with the differences and the end of the program's log.
 */
export async function runChurn(
  variant: Variant,
  version: Receiver,
  seed: number,
  size: ChurnSize = {},
): Promise<ChurnResult> {
  const { startObjects = 120, operations = 2_000, processes = 2, deadlineMs = 10_000 } = size;
  await using rig = await startRig({ version, seed, startObjects, ...variant.rig });
  const startedAt = performance.now();
  const churning = churn(rig.source, variant, seed, { operations, processes });
  const ending = churning.then(() => performance.now());
  await disturbDuring(churning, variant, rig, seed);
  const done = await churning;
  const churnMs = (await ending) - startedAt;
  await variant.settle?.(rig);
  const convergenceMs = await untilRight(variant, rig, deadlineMs);
  await variant.afterwards?.(rig);
  expect(rig.mirror().isRunning()).toBe(true);
  return { operations: done, churnMs, convergenceMs };
}

/** Several processes change the tree, each with a seed of its own; returns what they did. */
async function churn(
  root: string,
  { hasLinks = true }: Variant,
  seed: number,
  { operations, processes }: Required<Pick<ChurnSize, "operations" | "processes">>,
): Promise<number> {
  const script = inProject("test/soak/churn.mjs");
  const how = [`${Math.ceil(operations / processes)}`, hasLinks ? "links" : "no links"];
  const ended = await Promise.all(
    Array.from({ length: processes }, (_, part) =>
      promisify(execFile)(process.execPath, [script, root, `${seed * 10 + part}`, ...how]),
    ),
  );
  return ended.reduce((sum, { stdout }) => sum + Number(stdout), 0);
}

async function disturbDuring(
  churning: Promise<unknown>,
  { disturb }: Variant,
  rig: Rig,
  seed: number,
): Promise<void> {
  if (disturb === undefined) return;
  const chance = random(seed);
  let isOver = false;
  const end = (): void => {
    isOver = true;
  };
  churning.then(end, end);
  do await disturb(rig, chance);
  while (!isOver);
}

/**
 * Resolves with how long it took, in ms. Fails when the trees still differ when they are looked at
 * after the deadline, with what differed then, and says whether it was only late.
 */
async function untilRight(variant: Variant, rig: Rig, deadlineMs: number): Promise<number> {
  const startedAt = performance.now();
  const { differences, lookedAt } = await untilNone(variant, rig, startedAt + deadlineMs);
  const tookMs = Math.round(lookedAt - startedAt);
  if (differences.length === 0) return tookMs;
  const count = `${differences.length} differences after ${tookMs} ms`;
  const shown = differences.slice(0, 20).map((difference) => `\n  ${difference}`);
  const state = [rig.mirror().ask("status"), ...rig.pending()].map((line) => `\n  ${line}`);
  const late = await untilNone(variant, rig, startedAt + deadlineMs * patience);
  const left = late.differences;
  const lateMs = Math.round(late.lookedAt - startedAt);
  const end = left.length === 0 ? `equal after ${lateMs} ms` : `${left.length} for ever`;
  const log = `${os.tmpdir()}/sersync-soak-${variant.name.replaceAll(" ", "-")}.log`;
  fs.writeFileSync(log, rig.mirror().output());
  const told = history(left.length === 0 ? differences : left, rig);
  expect.fail(
    `${count}, ${end} (the whole log is in ${log}):${[...shown, ...state].join("")}${told}`,
  );
}

/** How many deadlines are waited for before what differs is said to be lost. */
const patience = 7;

/** What a look at both trees came to. */
interface Look {
  readonly differences: readonly string[];
  /** When it had seen everything but contents; `performance.now()`. */
  readonly lookedAt: number;
}

/** The first look that finds no difference, or the first one after the deadline. */
async function untilNone(
  { compare = compareAll }: Variant,
  rig: Rig,
  deadline: number,
): Promise<Look> {
  const look = (read: ReadTree): string[] => compareStill(() => compare(rig, read));
  for (;;) {
    const startedAt = performance.now();
    let differences = look((root) => readTree(root, { contents: false }));
    const lookedAt = performance.now();
    // What has its size and its time has its content, too: only reading all of it tells.
    if (differences.length === 0) differences = look(readTree);
    if (differences.length === 0 || startedAt > deadline) return { differences, lookedAt };
    // Looking takes from the program the processor that it needs.
    const restMs = Math.max(50, lookedAt - startedAt);
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

/** What the program said of the paths that differ, of those above and below, and of itself. */
function history(differences: readonly string[], { mirror }: Rig): string {
  const names = new Set(differences.slice(0, 8).map((line) => line.replace(/: .*$/, "")));
  const concerns = (path: string): boolean =>
    [...names].some((name) => `${name}/`.startsWith(`${path}/`) || path.startsWith(`${name}/`));
  const told = mirror().lines.filter(({ path }) => path === undefined || concerns(path));
  return told
    .slice(-150)
    .map((line) => `\n  ${JSON.stringify(line)}`)
    .join("");
}
