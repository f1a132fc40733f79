import {
  type BytePath,
  type FileEntry,
  isDirectory,
  rootPath,
  walk,
} from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier, CarrierReport } from "./carrier.ts";
import { deletable, surveyTree } from "./survey.ts";

/** A tree is pushed in sessions of about this size, so that listing and sending overlap. */
const chunkEntries = 1_500;
const chunkBytes = 64 * 1024 * 1024;
/** Sessions of one tree that run at the same time. */
const sessionsPerTree = 3;

/** Told while a tree is compared: so much has been listed so far. */
export type TreeProgress = (entries: number, bytes: number) => void;

/**
 * Brings everything at and below `start` into the target's state: what differs by size or time is
 * sent; what the target has and the source has not is reported as to be looked at again, so that
 * whether it is deleted is decided by what is here at that later moment.
 *
 * @throws what ended a session, or SourceGone.
 */
export async function deliverTree(
  start: BytePath,
  carrier: Carrier,
  report: CarrierReport,
  progress: TreeProgress = () => {},
): Promise<void> {
  const created = new Set<BytePath>();
  const listed = await pushTree(start, carrier, report, created, progress);
  const { deletes } = carrier.options;
  // Law 4: an empty root is more likely a mount that is missing than a wish to delete everything.
  const isEmptyRoot = start === rootPath && listed <= 1;
  if (deletes && !isEmptyRoot && !created.has(start)) {
    const found = await surveyTree(start, created, carrier.options, carrier.pool("survey"));
    new TreeView(carrier.options).checkRoot();
    for (const path of deletable(found, carrier.rules)) report.again(path);
  }
  if (isEmptyRoot && deletes) report.notice?.(emptyRoot);
  report.delivered({ path: start, kind: "directory", bytes: 0 });
}

const emptyRoot =
  "the watched directory is empty: nothing is deleted at the target because of that";

/** Sends what differs; returns how many entries were listed. */
async function pushTree(
  start: BytePath,
  carrier: Carrier,
  report: CarrierReport,
  created: Set<BytePath>,
  progress: TreeProgress,
): Promise<number> {
  const { tree, rules } = carrier.options;
  const running = new Set<Promise<void>>();
  let entries = 0;
  let bytes = 0;
  const walking = walk(tree, start, {
    excluded: (path, isDirectory) => rules.excluded(path, isDirectory),
    onError: (path, error) => report.failed({ path, reason: `cannot list it: ${error.message}` }),
  });
  try {
    for (const chunk of chunksOf(walking, carrier.options.carries)) {
      const push = pushChunk(chunk, start, carrier, report, created);
      running.add(push);
      push.finally(() => running.delete(push)).catch(() => {});
      if (running.size >= sessionsPerTree) await Promise.race(running);
      for (const { size } of chunk) bytes += size;
      entries += chunk.length;
      progress(entries, bytes);
    }
    await Promise.all(running);
  } finally {
    await Promise.allSettled(running);
  }
  return entries;
}

async function pushChunk(
  chunk: readonly FileEntry[],
  start: BytePath,
  carrier: Carrier,
  report: CarrierReport,
  created: Set<BytePath>,
): Promise<void> {
  const own = new Set(chunk.map(({ path }) => path));
  own.delete(start); // delivered when all of the tree is
  await carrier.carry(
    {
      kind: "scan",
      // A chunk lists directories without looking into them: others carry their content.
      entries: new TreeView(carrier.options).withParents(
        chunk.map((entry) => (isDirectory(entry) ? { ...entry, hasContent: false } : entry)),
      ),
      reports: (path) => own.has(path),
      onlyChanges: true,
      onCreated: (path) => created.add(path),
    },
    report,
  );
}

function* chunksOf(
  entries: Iterable<FileEntry>,
  carries: (entry: FileEntry) => boolean,
): Generator<FileEntry[]> {
  let chunk: FileEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (!carries(entry)) continue;
    chunk.push(entry);
    bytes += entry.size;
    if (chunk.length < chunkEntries && bytes < chunkBytes) continue;
    yield chunk;
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}
