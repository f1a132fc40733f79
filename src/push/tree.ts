import {
  type BytePath,
  type FileEntry,
  isDirectory,
  type WalkOptions,
  walk,
} from "../../protocol/index.ts";
import type { BatchOptions } from "./batch.ts";
import { nameGroups } from "./name-groups.ts";

/** A tree is pushed in sessions of about this size, so that listing and sending overlap. */
const chunkEntries = 1_500;
/** The first ones are small: a daemon that waits does nothing meanwhile. */
const firstChunkEntries = 150;
const chunkBytes = 64 * 1024 * 1024;

/**
 * Everything at and below each of `starts`, in groups that are good for one session.
 *
 * @param mostBytes of content in a group; default 64 MiB.
 */
export function* chunksOf(
  starts: readonly BytePath[],
  options: BatchOptions,
  onError: NonNullable<WalkOptions["onError"]>,
  mostBytes: number = chunkBytes,
): Generator<FileEntry[]> {
  let chunk: FileEntry[] = [];
  let bytes = 0;
  let most = firstChunkEntries;
  for (const group of nameGroups(walkAll(starts, options, onError))) {
    for (const entry of group) chunk.push(entry);
    bytes += group[0]?.size ?? 0;
    if (chunk.length < most && bytes < mostBytes) continue;
    yield chunk;
    most = Math.min(most * 2, chunkEntries);
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield chunk;
}

function* walkAll(
  starts: readonly BytePath[],
  { tree, rules, carries, mounts }: BatchOptions,
  onError: NonNullable<WalkOptions["onError"]>,
): Generator<FileEntry> {
  const options: WalkOptions = {
    excluded: (path, isDirectory) => rules.excluded(path, isDirectory),
    onError,
  };
  for (const start of starts) {
    for (const entry of walk(tree, start, options)) {
      // Another kind of object in place of directories would replace, at the target, all in them.
      const swallows = !isDirectory(entry) && mounts.hidesBelow(entry.path);
      if (carries(entry) && !swallows) yield entry;
    }
  }
}
