import {
  alternate,
  amount,
  blockSize,
  compresses,
  compressionChoice,
  deletes,
  flag,
  flagWith,
  missing,
  nothing,
  nothingWith,
  number,
  off,
  on,
  type ServerOption,
  text,
  word,
} from "./option-kinds.ts";

/** What has a letter, too. */
const kept: Readonly<Record<string, ServerOption>> = {
  backup: on("backup"),
  update: on("update"),
  "dry-run": on("dryRun"),
  links: on("links"),
  dirs: on("dirs"),
  "keep-dirlinks": on("keepDirlinks"),
  "prune-empty-dirs": on("pruneEmptyDirs"),
  "omit-dir-times": on("omitDirTimes"),
  "omit-link-times": on("omitLinkTimes"),
  fuzzy: {
    // Twice: in the alternate directories, too.
    set: ({ transfer }) => {
      transfer.fuzzy = transfer.fuzzy ? "alternates" : true;
    },
  },
  "copy-links": on("copyLinks"),
  "copy-dirlinks": on("copyDirlinks"),
  "whole-file": on("wholeFile"),
  "hard-links": on("hardLinks"),
  owner: on("owner"),
  group: on("group"),
  times: on("times"),
  atimes: {
    set: ({ transfer }) => {
      if (transfer.atimes) transfer.openNoatime = true;
      transfer.atimes = true;
    },
  },
  crtimes: missing("--crtimes"),
  perms: on("perms"),
  executability: on("executability"),
  acls: on("acls"),
  xattrs: on("xattrs"),
  recursive: on("recursive"),
  checksum: on("checksum"),
  "cvs-exclude": flag("cvsExclude"),
  "ignore-times": on("ignoreTimes"),
  relative: on("relative"),
  "one-file-system": flag("oneFileSystem"),
  sparse: on("sparse"),
  compress: compresses(),
  verbose: {
    set: (draft) => {
      draft.verbosity += 1;
      draft.tellsNames = true;
      draft.tellsAll ||= draft.verbosity > 1;
    },
  },
  quiet: nothing,
  "secluded-args": flag("isSecluded"),
  "block-size": blockSize,
  "modify-window": amount("modifyWindowSeconds", -1),
  rsh: {
    take: (draft, value) => {
      draft.capabilities = value.slice(value.indexOf(".") + 1);
      return true;
    },
  },
};

const namesOfLetters: Readonly<Record<string, string>> = {
  b: "backup",
  u: "update",
  n: "dry-run",
  l: "links",
  d: "dirs",
  K: "keep-dirlinks",
  m: "prune-empty-dirs",
  O: "omit-dir-times",
  J: "omit-link-times",
  y: "fuzzy",
  L: "copy-links",
  k: "copy-dirlinks",
  W: "whole-file",
  H: "hard-links",
  o: "owner",
  g: "group",
  t: "times",
  U: "atimes",
  N: "crtimes",
  p: "perms",
  E: "executability",
  A: "acls",
  X: "xattrs",
  r: "recursive",
  c: "checksum",
  C: "cvs-exclude",
  I: "ignore-times",
  R: "relative",
  x: "one-file-system",
  S: "sparse",
  z: "compress",
  v: "verbose",
  q: "quiet",
  s: "secluded-args",
  B: "block-size",
  "@": "modify-window",
  e: "rsh",
};

const devicesAndSpecials: ServerOption = {
  set: ({ transfer }) => {
    transfer.devices = true;
    transfer.specials = true;
  },
};

/** Options of one letter, and their long names where they have one. */
export const letters: ReadonlyMap<
  string,
  { readonly option: ServerOption; readonly name: string }
> = new Map([
  ...Object.entries(namesOfLetters).map(
    ([letter, name]) => [letter, { option: kept[name] as ServerOption, name }] as const,
  ),
  ["D", { option: devicesAndSpecials, name: "D" }],
]);

const longOnly: Readonly<Record<string, ServerOption>> = {
  server: nothing,
  sender: flag("isPull"),
  "list-only": flag("listOnly"),
  "append-verify": {
    set: ({ transfer }) => {
      transfer.append = "verify";
    },
  },
  "no-r": off("recursive"),
  "no-recursive": off("recursive"),
  "no-i-r": flag("refusesIncremental"),
  "no-inc-recursive": flag("refusesIncremental"),
  "use-qsort": flag("refusesIncremental"),
  "compress-level": number(-200_000, ({ transfer }, value) => {
    transfer.compressLevel = value;
    transfer.compress ??= true; // alone it means -z, whatever the level
  }),
  "compress-threads": nothingWith,
  "skip-compress": nothingWith,
  devices: on("devices"),
  "no-devices": off("devices"),
  specials: on("specials"),
  "no-specials": off("specials"),
  "log-format": {
    take: (draft, value) => {
      draft.tellsAll ||= value.includes("%I");
      draft.itemizes ||= value.includes("%i");
      draft.tellsNames = true;
      return true;
    },
  },
  msgs2stderr: nothing,
  "no-msgs2stderr": nothing,
  info: nothingWith,
  debug: nothingWith,
  stats: nothing,
  timeout: amount("timeoutSeconds"),
  bwlimit: amount("bandwidthKiB"),
  "backup-dir": text("backupDir"),
  suffix: text("suffix"),
  "checksum-choice": word("checksumChoice"),
  cc: word("checksumChoice"),
  "new-compress": compresses("zlibx"),
  "old-compress": compresses("zlib"),
  "compress-choice": compressionChoice,
  zc: compressionChoice,
  "max-delete": number(-1, ({ transfer }, value) => {
    transfer.maxDelete = Math.max(0, value);
  }),
  "min-size": amount("minSizeBytes"),
  "max-size": amount("maxSizeBytes"),
  delete: deletes(true),
  del: deletes("during"),
  "delete-before": deletes("before"),
  "delete-during": deletes("during"),
  "delete-delay": deletes("delay"),
  "delete-after": deletes("after"),
  "delete-excluded": on("deleteExcluded"),
  "delete-missing-args": flag("deletesMissing"),
  "ignore-missing-args": flag("ignoresMissing"),
  force: on("force"),
  super: on("super"),
  "no-super": off("super"),
  "size-only": on("sizeOnly"),
  "partial-dir": text("partialDir"),
  "delay-updates": on("delayUpdates"),
  partial: on("partial"),
  "no-partial": off("partial"),
  "ignore-errors": on("ignoreErrors"),
  "safe-links": on("safeLinks"),
  "copy-unsafe-links": on("copyUnsafeLinks"),
  // The module says what becomes of links.
  "munge-links": nothing,
  "numeric-ids": on("numericIds"),
  "no-numeric-ids": off("numericIds"),
  usermap: text("userMap"),
  groupmap: text("groupMap"),
  "ignore-existing": on("ignoreExisting"),
  existing: on("existing"),
  "ignore-non-existing": on("existing"),
  "temp-dir": text("tempDir"),
  fsync: on("fsync"),
  "compare-dest": alternate("compare"),
  "copy-dest": alternate("copy"),
  "link-dest": alternate("link"),
  append: {
    // Twice: what is there is verified.
    set: ({ transfer }) => {
      transfer.append = transfer.append ? "verify" : true;
    },
  },
  inplace: on("inplace"),
  "no-W": off("wholeFile"),
  "no-whole-file": off("wholeFile"),
  "files-from": word("filesFrom"),
  from0: flag("filesFrom0"),
  "no-implied-dirs": off("impliedDirs"),
  "no-relative": off("relative"),
  "no-R": off("relative"),
  "write-devices": missing("--write-devices"),
  "copy-devices": missing("--copy-devices"),
  "remove-source-files": flag("acknowledges"),
  "remove-sent-files": flag("acknowledges"),
  preallocate: on("preallocate"),
  "open-noatime": on("openNoatime"),
  mkpath: on("makePath"),
  "checksum-seed": number(-(2 ** 31), (draft, value) => {
    draft.seed = value | 0;
  }),
  iconv: flagWith("converts"),
};

/** Options by their long names. */
export const longOptions: ReadonlyMap<string, ServerOption> = new Map(
  Object.entries({ ...kept, ...longOnly }),
);
