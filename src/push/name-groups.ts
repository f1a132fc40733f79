import { type FileEntry, objectKey } from "../../protocol/index.ts";

/** Names that wait for others of the same object; past these, what is known of them must do. */
const mostWaiting = 100_000;

/**
 * Brings the names of each object together: a session can make names one object at the target only
 * when it lists them all. Everything else comes at once, each as a group of its own.
 *
 * Names outside of what is listed are never seen: then the others come at the end.
 */
export function* nameGroups(
  entries: Iterable<FileEntry>,
  most: number = mostWaiting,
): Generator<readonly FileEntry[]> {
  const waiting = new Map<string, FileEntry[]>();
  let count = 0;
  for (const entry of entries) {
    const key = objectKey(entry);
    if (key === undefined) {
      yield [entry];
      continue;
    }
    const group = waiting.get(key) ?? [];
    group.push(entry);
    count += 1;
    if (group.length < (entry.linkCount ?? 1)) waiting.set(key, group);
    else {
      waiting.delete(key);
      count -= group.length;
      yield group;
    }
    if (count <= most) continue;
    yield* waiting.values();
    waiting.clear();
    count = 0;
  }
  yield* waiting.values();
}
