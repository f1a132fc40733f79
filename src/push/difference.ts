import { type BytePath, isDirectory, itemFlags, rootPath } from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import { Carrier } from "./carrier.ts";
import { type GuardVerdict, judgeDeletions } from "./guard.ts";
import type { TargetSettings } from "./message.ts";
import { deletable, Survey } from "./survey.ts";
import { chunksOf } from "./tree.ts";

/** What a full push would do about one path. */
export interface Difference {
  readonly path: BytePath;
  /** `create`: it is not there. `send`: its content differs. `adjust`: only its attributes do. */
  readonly action: "create" | "send" | "adjust" | "delete" | "cannot list";
}

/**
 * Says what a full push to a target would do, path by path, and does nothing of it: both sides are
 * only looked at.
 *
 * @returns what the guard would say of the deletions; undefined where nothing is ever deleted.
 * @throws {RsyncError} why the daemon cannot be asked.
 */
export async function findDifferences(
  settings: TargetSettings,
  tell: (difference: Difference) => void,
): Promise<GuardVerdict | undefined> {
  const carrier = new Carrier(settings, () => {});
  try {
    const { listed, created } = await previewTree(carrier, tell);
    if (!settings.deletes) return undefined;
    const survey = new Survey(rootPath, created, carrier.options);
    await survey.run(carrier.sessions);
    const gone = deletable(survey.found, carrier.rules);
    for (const path of gone) tell({ path, action: "delete" });
    return judgeDeletions({ extraneous: survey.found.length, listed }, settings.guard);
  } finally {
    carrier.close();
  }
}

async function previewTree(
  { options, sessions }: Carrier,
  tell: (difference: Difference) => void,
): Promise<{ readonly listed: number; readonly created: ReadonlySet<BytePath> }> {
  const created = new Set<BytePath>();
  let listed = 0;
  const onError = (path: BytePath): void => tell({ path, action: "cannot list" });
  for (const chunk of chunksOf([rootPath], options, onError)) {
    listed += chunk.length;
    const own = new Set(chunk.map(({ path }) => path));
    const flat = chunk.map((entry) =>
      isDirectory(entry) ? { ...entry, hasContent: false } : entry,
    );
    await sessions.push("preview", new TreeView(options).withParents(flat), options.tree, {
      item: (entry, { flags }) => {
        // A directory above a chunk belongs to another one.
        if (!own.has(entry.path) || entry.path === rootPath) return;
        const action = actionOf(flags);
        if (action === "create" && isDirectory(entry)) created.add(entry.path);
        tell({ path: entry.path, action });
      },
    });
  }
  return { listed, created };
}

function actionOf(flags: number): Difference["action"] {
  if ((flags & itemFlags.isNew) !== 0) return "create";
  return (flags & itemFlags.transfer) === 0 ? "adjust" : "send";
}
