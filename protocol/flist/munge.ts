import { type FileEntry, isSymlink } from "./entry.ts";

/** In front of a link's target, so that it leads nowhere (rsyncd.conf(5), "munge symlinks"). */
const prefix = "/rsyncd-munged/";

/** A link that leads nowhere, but can be given back as it came; anything else as it is. */
export function munged(entry: FileEntry): FileEntry {
  const { linkTarget } = entry;
  if (!isSymlink(entry) || linkTarget === undefined) return entry;
  return { ...entry, linkTarget: prefix + linkTarget };
}

/** The same the other way round, for the target of a link. */
export function unmungedTarget(target: string): string {
  return target.startsWith(prefix) && target.length > prefix.length
    ? target.slice(prefix.length)
    : target;
}

/** A link as it was before it was {@link munged}. */
export function unmunged(entry: FileEntry): FileEntry {
  const { linkTarget } = entry;
  if (linkTarget === undefined) return entry;
  const target = unmungedTarget(linkTarget);
  return target === linkTarget ? entry : { ...entry, linkTarget: target };
}
