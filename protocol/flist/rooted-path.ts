import { asBytePath, type BytePath } from "../path.ts";
import { type FileEntry, topOfRoot } from "./entry.ts";
import type { NumberedEntries } from "./order.ts";
import { eachOf, type Stepwise } from "./stepwise.ts";

/**
 * A list in which paths may begin with `/`: they sort with it, and lie below the destination without
 * it. Of two that become one the first counts.
 *
 * Wire: `-R` of paths from the root down, and of a sender whose root is the module.
 */
export function* withoutRoot(numbered: NumberedEntries): Stepwise<NumberedEntries> {
  const below = new Map<FileEntry, FileEntry | undefined>();
  const known = new Set<BytePath>();
  const slots: (FileEntry | undefined)[] = [];
  yield* eachOf(numbered.slots, (entry) => {
    const path = entry && pathBelow(entry.path);
    const isNew = path !== undefined && !known.has(path);
    if (isNew) known.add(path);
    const changed = isNew ? { ...(entry as FileEntry), path } : undefined;
    if (entry !== undefined) below.set(entry, changed);
    slots.push(changed);
  });
  const directories = numbered.directories.map((entry) => entry && below.get(entry));
  return { ...numbered, slots, directories };
}

function pathBelow(path: BytePath): BytePath {
  return asBytePath(path === topOfRoot ? "" : path.replace(/^\//, ""));
}
