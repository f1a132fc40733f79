import {
  type BytePath,
  type FileEntry,
  isDirectory,
  rootPath,
  type WalkOptions,
  walk,
} from "../../protocol/index.ts";
import { TreeView } from "./batch.ts";
import type { Carrier, CarrierReport, CarryOptions } from "./carrier.ts";
import { deletable, surveyTree } from "./survey.ts";

/** A tree is pushed in sessions of about this size, so that listing and sending overlap. */
const chunkEntries = 1_500;
/** The first ones are small: a daemon that waits does nothing meanwhile. */
const firstChunkEntries = 150;
const chunkBytes = 64 * 1024 * 1024;
/** Sessions of one tree that run at the same time. */
const sessionsPerTree = 3;

/** Told while a tree is compared: so much has been listed so far. */
export type TreeProgress = (entries: number, bytes: number) => void;

/**
 * Brings everything at and below each of `starts` into the target's state: what differs by size or
 * time is sent; what the target has and the source has not is reported as to be looked at again,
 * so that whether it is deleted is decided by what is here at that later moment.
 *
 * @throws what ended a session, or SourceGone.
 */
export async function deliverTrees(
  starts: readonly BytePath[],
  carrier: Carrier,
  report: CarrierReport,
  progress: TreeProgress = () => {},
): Promise<void> {
  const created = new Set<BytePath>();
  const listed = await pushTrees(starts, carrier, report, created, progress);
  const existed = starts.filter((start) => !created.has(start));
  // Law 4: an empty root is more likely a mount that is missing than a wish to delete everything.
  const isEmptyRoot = existed[0] === rootPath && listed <= 1;
  if (isEmptyRoot) report.notice?.(emptyRoot);
  else if (carrier.options.deletes) await findExtraneous(existed, created, carrier, report);
  for (const path of starts) {
    report.delivered({ path, kind: created.has(path) ? "directory" : "nothing", bytes: 0 });
  }
}

const emptyRoot =
  "the watched directory is empty: nothing is deleted at the target because of that";

async function findExtraneous(
  starts: readonly BytePath[],
  created: ReadonlySet<BytePath>,
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  for (const start of starts) {
    const found = await surveyTree(start, created, carrier.options, carrier.pool("survey"));
    new TreeView(carrier.options).checkRoot();
    for (const path of deletable(found, carrier.rules)) report.again(path);
  }
}

/** Sends what differs; returns how many entries were listed. */
async function pushTrees(
  starts: readonly BytePath[],
  carrier: Carrier,
  report: CarrierReport,
  created: Set<BytePath>,
  progress: TreeProgress,
): Promise<number> {
  const running = new Set<Promise<void>>();
  const own = new Set(starts); // delivered when everything below all of them is
  let entries = 0;
  let bytes = 0;
  const options: CarryOptions = {
    kind: "scan",
    entries: [],
    reports: (path) => !own.has(path),
    onlyChanges: true,
    onCreated: (path) => created.add(path),
  };
  try {
    for (const chunk of chunksOf(starts, carrier, report)) {
      const push = pushChunk(chunk, options, carrier, report);
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
  options: CarryOptions,
  carrier: Carrier,
  report: CarrierReport,
): Promise<void> {
  // A chunk lists directories without looking into them: others carry their content.
  const flat = chunk.map((entry) => (isDirectory(entry) ? { ...entry, hasContent: false } : entry));
  const entries = new TreeView(carrier.options).withParents(flat);
  const above = new Set(entries.slice(chunk.length).map(({ path }) => path));
  const reports = (path: BytePath): boolean => !above.has(path) && options.reports(path);
  await carrier.carry({ ...options, entries, reports }, report);
}

function* chunksOf(
  starts: readonly BytePath[],
  carrier: Carrier,
  report: CarrierReport,
): Generator<FileEntry[]> {
  let chunk: FileEntry[] = [];
  let bytes = 0;
  let most = firstChunkEntries;
  for (const entry of walkAll(starts, carrier, report)) {
    chunk.push(entry);
    bytes += entry.size;
    if (chunk.length < most && bytes < chunkBytes) continue;
    yield chunk;
    most = Math.min(most * 2, chunkEntries);
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

function* walkAll(
  starts: readonly BytePath[],
  carrier: Carrier,
  report: CarrierReport,
): Generator<FileEntry> {
  const { tree, rules, carries } = carrier.options;
  const options: WalkOptions = {
    excluded: (path, isDirectory) => rules.excluded(path, isDirectory),
    onError: (path, error) => report.failed({ path, reason: `cannot list it: ${error.message}` }),
  };
  for (const start of starts) {
    for (const entry of walk(tree, start, options)) if (carries(entry)) yield entry;
  }
}
