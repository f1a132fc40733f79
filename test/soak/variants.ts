import { type BytePath, isWithin } from "../../protocol/path.ts";
import { compileRules } from "../../src/filter/rules.ts";
import { startDaemon } from "../support/daemon.ts";
import type { Random } from "../support/random.ts";
import { type FoundTree, makeTree, readTree, treeDifferences } from "../support/tree.ts";
import { otherHost, type Rig, type RigOptions } from "./rig.ts";

/** What happens to the parts while the tree changes, and what must have come of it. */
export interface Variant {
  readonly name: string;
  readonly rig?: Partial<RigOptions>;
  /** Files get more names. Default true. */
  readonly hasLinks?: boolean;
  /** Called again and again while the tree changes. */
  readonly disturb?: (rig: Rig, chance: Random) => Promise<void>;
  /** Ends the disturbance: from then on the trees have their time to become equal. */
  readonly settle?: (rig: Rig) => Promise<void>;
  /** What is wrong at the target, in lines. Default: whatever differs. */
  readonly compare?: (rig: Rig, read: ReadTree) => string[];
  /** Checks what must be so besides. */
  readonly afterwards?: (rig: Rig) => Promise<void>;
}

/** Reads a tree with the contents of its files, or without. */
export type ReadTree = (root: string) => FoundTree;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whatever differs. */
export function compareAll(
  { source, target }: Pick<Rig, "source" | "target">,
  read: ReadTree = readTree,
): string[] {
  return treeDifferences(read(source), read(target));
}

/** A tree that changes while it is read is not as it must be yet. */
export function compareStill(compare: () => string[]): string[] {
  try {
    return compare();
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (!/^(ENOENT|ENOTDIR)$/.test(code)) throw error;
    return [`a tree is changing: ${message}`]; // where, or nobody finds out what keeps doing it
  }
}

/** What the target lacks or has wrong; whatever it has besides does not count. */
function compareCommon({ source, target }: Rig, read: ReadTree): string[] {
  const wanted = read(source);
  const found = new Map([...read(target)].filter(([path]) => wanted.has(path)));
  return treeDifferences(wanted, found, { directoryTimes: false });
}

const filter = ["(.*)\\.log"];
const rules = compileRules({ expressions: filter, patterns: [], builtin: false });
const survivors = ["x.log", "theirs.log", "a/x.log/f", "a/b/theirs.log", "c d/x.log"];

/** The tree without what is excluded, and without directories that only hold such. */
function included(tree: FoundTree, keeps: (path: BytePath) => boolean): FoundTree {
  const excluded = [...tree].filter(([path, { type }]) =>
    rules.excluded(path, type === "directory"),
  );
  const left = new Map(tree);
  for (const [path] of excluded) left.delete(path);
  for (const [path] of left) {
    const holds = excluded.some(([below]) => isWithin(below, path));
    if (holds && !keeps(path)) left.delete(path);
  }
  return left;
}

/** Excluded objects survive, and where one stands in the way of another kind, that must wait. */
function compareFiltered({ source, target }: Rig, read: ReadTree): string[] {
  const wanted = included(read(source), () => true);
  const found = read(target);
  const isInTheWay = (path: BytePath): boolean =>
    survivors.some((survivor) => isWithin(survivor as BytePath, path)) &&
    wanted.get(path)?.type !== "directory";
  const due = new Map([...wanted].filter(([path]) => path === "" || !isInTheWay(path)));
  const lost = survivors.filter((path) => !found.has(path as BytePath));
  const differences = treeDifferences(
    due,
    included(found, (path) => due.has(path)),
    { directoryTimes: false },
  );
  return [...lost.map((path) => `${path}: excluded, and deleted`), ...differences];
}

async function killDaemonForAMoment(rig: Rig, chance: Random): Promise<void> {
  await pause(300 + chance.below(1_500));
  await rig.killDaemon();
  await pause(chance.below(1_500));
  await rig.daemon.restart();
}

async function killMirror(rig: Rig, chance: Random): Promise<void> {
  await pause(100 + chance.below(2_000));
  await rig.restartMirror();
}

/** The other daemon comes up at last and must be brought up to date, too. */
async function reviveDeadTarget(rig: Rig): Promise<void> {
  const { daemon, source } = rig;
  await using late = await startDaemon({
    version: daemon.version,
    port: daemon.port,
    modules: { backup: {} },
    global: { address: otherHost },
  });
  const target = late.path("backup");
  const compare = (): string[] => compareStill(() => compareAll({ source, target }));
  const deadline = performance.now() + 75_000; // a target is asked at least once a minute
  let differences = compare();
  while (differences.length > 0 && performance.now() < deadline) {
    await pause(200);
    differences = compare();
  }
  if (differences.length > 0) throw new Error(`the late target differs: ${differences[0]}`);
}

async function calm({ proxy }: Rig): Promise<void> {
  proxy?.calm();
}

const throughFaults = (
  name: string,
  faults: NonNullable<RigOptions["faults"]>,
  settle: Variant["settle"] = calm,
): Variant => ({ name, rig: { faults, setUp: { timeoutSeconds: 3 } }, settle });

/** A name, a mode or a time that was spoilt on its way was acknowledged: only a comparison helps. */
async function compareAnew(rig: Rig): Promise<void> {
  await calm(rig);
  await rig.restartMirror();
}

export const variants: readonly Variant[] = [
  { name: "plain" },
  throughFaults("cut", { kinds: ["cut", "refuse"] }),
  throughFaults("stall", { kinds: ["stall"], oneIn: 6 }),
  throughFaults("slow", { kinds: ["slice", "delay"], oneIn: 2 }),
  throughFaults("flip", { kinds: ["flip"] }, compareAnew),
  throughFaults("everything", { kinds: ["cut", "refuse", "stall", "slice", "delay"], oneIn: 4 }),
  { name: "daemon killed", disturb: killDaemonForAMoment },
  { name: "program killed", disturb: killMirror },
  { name: "dead target", rig: { hasDeadTarget: true }, afterwards: reviveDeadTarget },
  {
    name: "delete off",
    rig: { setUp: { events: { delete: false } } },
    compare: compareCommon,
  },
  {
    name: "filter",
    hasLinks: false, // what is written under an excluded name is not seen under the others
    rig: {
      setUp: { filter },
      fillTarget: (target) =>
        makeTree(target, Object.fromEntries(survivors.map((at) => [at, "theirs"]))),
    },
    compare: compareFiltered,
  },
  {
    name: "both killed",
    disturb: async (rig, chance) => {
      await Promise.all([killDaemonForAMoment(rig, chance), killMirror(rig, chance)]);
    },
  },
];
