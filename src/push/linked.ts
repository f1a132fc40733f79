import {
  asBytePath,
  type BytePath,
  type FileEntry,
  joinPath,
  LocalTree,
  openSession,
  type PushObserver,
  type PushReport,
  type Rename,
  renamedDirectory,
  type SessionOptions,
  type Target,
} from "../../protocol/index.ts";

/** What is known of the entries of a session when it is over. */
export type Pushed = Pick<PushReport, "entries" | "status">;

/** Where a renamed directory is, here and at the target. */
export interface LinkedPlace {
  /** The mirror's target, not the directory below it. */
  readonly target: Target;
  /** Of a session that sends what differs by size and time. */
  readonly options: SessionOptions;
  readonly renamed: Rename;
  readonly tree: LocalTree;
}

/**
 * Pushes entries at and below a renamed directory over a session of its own, whose daemon links what
 * is equal from below the old name (spec 3 §3). Told with their paths from the root, as all entries.
 *
 * @throws what ended the session.
 */
export async function pushLinked(
  { target, options, renamed, tree }: LinkedPlace,
  entries: readonly FileEntry[],
  observer: PushObserver,
): Promise<Pushed> {
  const place = renamedDirectory(target, renamed);
  if (place === undefined) throw new TypeError(`${renamed.to} cannot stand in an argument`);
  const { alternate } = place;
  const transfer = { ...options.transfer, checksum: false, alternate };
  const { to } = renamed;
  const below = new LocalTree(`${tree.root}/${to}`);
  const session = await openSession(place.target, { ...options, transfer });
  const whole = (entry: FileEntry): FileEntry => ({ ...entry, path: pathBelow(to, entry.path) });
  const report = await session.push(
    entries.map((entry) => ({ ...entry, path: asBytePath(entry.path.slice(to.length + 1)) })),
    below,
    {
      acknowledged: (entry, index) => observer.acknowledged?.(whole(entry), index),
      sending: (entry, item, index) => observer.sending?.(whole(entry), item, index),
      step: (bytes) => observer.step?.(bytes),
      sent: (entry, outcome, index) => observer.sent?.(whole(entry), outcome, index),
      item: (entry, item) => observer.item?.(whole(entry), item),
    },
  );
  return { entries: report.entries.map(whole), status: (index) => report.status(index) };
}

function pathBelow(directory: BytePath, path: BytePath): BytePath {
  return path === "" ? directory : joinPath(directory, path);
}
