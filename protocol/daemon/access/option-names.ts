/** An option as a client may send it to a server: a long name, a letter, or both. */
export interface OptionName {
  readonly name: string | undefined;
  readonly letter: string | undefined;
}

/** rsync(1)'s options that reach a server; a letter stands behind the name. */
const table = `
verbose v, info, debug, stderr, quiet q, checksum c, archive a, recursive r, inc-recursive,
no-inc-recursive, relative R, no-relative, no-implied-dirs, no-i-d, backup b, backup-dir, suffix,
update u, inplace, append, append-verify, dirs d, mkpath, links l, copy-links L, copy-unsafe-links,
safe-links, insecure-links, munge-links, copy-dirlinks k, keep-dirlinks K, hard-links H, perms p,
executability E, chmod, acls A, xattrs X, owner o, group g, devices, copy-devices, write-devices,
specials, no-specials, times t, atimes U, open-noatime, crtimes N, omit-dir-times O,
omit-link-times J, super, fake-super, sparse S, preallocate, dry-run n, whole-file W, no-whole-file,
no-W, checksum-choice, one-file-system x, block-size B, rsh e, existing, ignore-existing,
remove-source-files, remove-sent-files, delete, delete-before, delete-during, delete-delay,
delete-after, delete-excluded, ignore-missing-args, delete-missing-args, ignore-errors, force,
max-delete, max-size, min-size, max-alloc, partial, partial-dir, delay-updates, prune-empty-dirs m,
numeric-ids, usermap, groupmap, timeout, ignore-times I, size-only, modify-window @, temp-dir T,
fuzzy y, compare-dest, copy-dest, link-dest, compress z, compress-choice, compress-level,
compress-threads, old-compress, new-compress, skip-compress, cvs-exclude C, filter f, exclude,
exclude-from, include, include-from, files-from, from0 0, secluded-args s, copy-as, stats,
8-bit-output 8, human-readable h, progress, itemize-changes i, out-format, log-format, log-file,
log-file-format, list-only, bwlimit, stop-after, stop-at, fsync, protocol, iconv, no-iconv,
checksum-seed, server, sender, qsort, use-qsort, no-r, no-recursive, drop-D`;

/** Every option that `refuse options` can mean. */
export const optionNames: readonly OptionName[] = [
  ...table.split(",").map((entry) => {
    const [name, letter] = entry.trim().split(" ");
    return { name, letter };
  }),
  // Devices and specials together have no name of their own.
  { name: undefined, letter: "D" },
];

/** Further names of options. */
export const optionAliases: ReadonlyMap<string, string> = new Map([
  ["del", "delete-during"],
  ["remove-sent-files", "remove-source-files"],
  ["ignore-non-existing", "existing"],
  ["protect-args", "secluded-args"],
  ["cc", "checksum-choice"],
  ["zc", "compress-choice"],
  ["no-R", "no-relative"],
  ["no-i-r", "no-inc-recursive"],
]);

/** From a letter to the name of the same option. */
export const optionLetters: ReadonlyMap<string, string> = new Map(
  optionNames.flatMap(({ name, letter }): [string, string][] =>
    name !== undefined && letter !== undefined ? [[letter, name]] : [],
  ),
);
