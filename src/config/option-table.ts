import type { TransferOptions } from "../../protocol/index.ts";
import type { OptionsDraft } from "./option-value.ts";

/** The options of {@link TransferOptions} that are plain switches. */
export type SwitchName = {
  [K in keyof TransferOptions]-?: TransferOptions[K] extends boolean | undefined ? K : never;
}[keyof TransferOptions];

/** What one rsync option does here. */
export type OptionEffect =
  /** Sets switches to true; its `--no-` form to false. */
  | { readonly does: "switch"; readonly sets: readonly SwitchName[]; readonly negatable: boolean }
  /** Sets one property to a fixed value. */
  | { readonly does: "set"; readonly values: Partial<TransferOptions> }
  /** Takes a value; how it is read is said by `reads`. */
  | { readonly does: "value"; readonly reads: ValueReader }
  /** Accepted; `because` is said to the user when it is not simply how things are here. */
  | { readonly does: "nothing"; readonly because: string; readonly takesValue: boolean }
  /** Done by `apply`, which says what would have been allowed when the value cannot be used. */
  | {
      readonly does: "own";
      readonly takesValue: boolean;
      readonly apply: (value: string, draft: OptionsDraft) => string | undefined;
    }
  /** Known to rsync, not available here. */
  | { readonly does: "refused"; readonly because: string; readonly takesValue: boolean };

/** The options whose value needs reading. */
export type ValueReader =
  | "blockSizeBytes"
  | "timeoutSeconds"
  | "bandwidthKiB"
  | "maxDelete"
  | "modifyWindowSeconds"
  | "compressLevel"
  | "compressChoice"
  | "checksumChoice"
  | "checksumSeed"
  | "skipCompress"
  | "tempDir"
  | "backupDir"
  | "suffix"
  | "partialDir"
  | "chmod"
  | "chown"
  | "userMap"
  | "groupMap"
  | "maxSizeBytes"
  | "minSizeBytes"
  | "remoteOption"
  | "port"
  | "passwordFile"
  | "remoteShell"
  | "exclude"
  | "include"
  | "filter";

export interface OptionRule {
  readonly long: string;
  readonly short?: string;
  readonly effect: OptionEffect;
}

/** Switches on what `sets` names, or off with `--no-`. */
export function flag(names: string, ...sets: SwitchName[]): OptionRule {
  return rule(names, { does: "switch", sets, negatable: true });
}

/** Sets properties to fixed values. */
export function set(names: string, values: Partial<TransferOptions>): OptionRule {
  return rule(names, { does: "set", values });
}

function taking(names: string, reads: ValueReader): OptionRule {
  return rule(names, { does: "value", reads });
}

/** Is accepted, and told of unless there is nothing to say. */
export function nothing(names: string, because: string): OptionRule {
  return rule(names, { does: "nothing", because, takesValue: names.endsWith("=") });
}

/** Is not available. */
export function refused(names: string, because: string): OptionRule {
  return rule(names, { does: "refused", because, takesValue: names.endsWith("=") });
}

/** Is done by `apply`. */
export function own(
  names: string,
  apply: (value: string, draft: OptionsDraft) => string | undefined,
): OptionRule {
  return rule(names, { does: "own", takesValue: names.endsWith("="), apply });
}

/** `names`: the long name, then perhaps a blank and the letter; a final `=` means "takes a value". */
function rule(names: string, effect: OptionEffect): OptionRule {
  const [long = "", short] = names.replace(/=$/, "").split(" ");
  return short === undefined ? { long, effect } : { long, short, effect };
}

const ownLog = "sersync writes its own log";
const pathsAreRelative = "";
const notHere = "sersync does not have it";
const onlyLocal = "it reads a list of files; sersync knows from its events what to send";
const pullOnly = "it is for receiving; sersync only sends";

/** rsync's options (rsync(1), 3.5) by long name. */
export const optionTable: readonly OptionRule[] = [
  flag(
    "archive a",
    "recursive",
    "links",
    "perms",
    "times",
    "group",
    "owner",
    "devices",
    "specials",
  ),
  flag("recursive r", "recursive"),
  flag("links l", "links"),
  flag("hard-links H", "hardLinks"),
  flag("perms p", "perms"),
  flag("acls A", "acls"),
  own("xattrs X", (_, { options }) => {
    const isTwice = options.xattrs === true;
    options.xattrs = true;
    return isTwice ? "it once: what --fake-super keeps is not sent" : undefined;
  }),
  set("no-xattrs", { xattrs: false }),
  set("no-X", { xattrs: false }),
  flag("times t", "times"),
  flag("owner o", "owner"),
  flag("group g", "group"),
  flag("D D", "devices", "specials"),
  flag("devices", "devices"),
  flag("specials", "specials"),
  flag("numeric-ids", "numericIds"),
  flag("omit-dir-times O", "omitDirTimes"),
  flag("update u", "update"),
  flag("checksum c", "checksum"),
  flag("ignore-times I", "ignoreTimes"),
  flag("size-only", "sizeOnly"),
  flag("existing", "existing"),
  flag("ignore-non-existing", "existing"),
  flag("ignore-existing", "ignoreExisting"),
  flag("whole-file W", "wholeFile"),
  flag("inplace", "inplace"),
  flag("sparse S", "sparse"),
  flag("dry-run n", "dryRun"),
  flag("force", "force"),
  flag("partial", "partial"),
  flag("backup b", "backup"),
  flag("P P", "partial"),
  flag("executability E", "executability"),
  flag("super", "super"),
  flag("keep-dirlinks K", "keepDirlinks"),
  flag("safe-links", "safeLinks"),
  flag("omit-link-times J", "omitLinkTimes"),
  flag("preallocate", "preallocate"),
  flag("fsync", "fsync"),
  own("fuzzy y", (_, { options }) => {
    options.fuzzy = options.fuzzy ? "alternates" : true;
    return undefined;
  }),
  set("no-fuzzy", { fuzzy: false }),
  set("no-y", { fuzzy: false }),
  flag("delay-updates", "delayUpdates"),
  flag("mkpath", "makePath"),

  set("compress z", { compress: true }),
  set("old-compress", { compress: "zlib" }),
  set("new-compress", { compress: "zlibx" }),
  set("no-compress", { compress: false }),
  set("no-z", { compress: false }),
  set("delete", { delete: true }),
  set("del", { delete: "during" }),
  set("delete-before", { delete: "before" }),
  set("delete-during", { delete: "during" }),
  set("delete-delay", { delete: "delay" }),
  set("delete-after", { delete: "after" }),

  taking("block-size B", "blockSizeBytes"),
  taking("timeout", "timeoutSeconds"),
  taking("bwlimit", "bandwidthKiB"),
  taking("max-delete", "maxDelete"),
  taking("modify-window @", "modifyWindowSeconds"),
  taking("compress-level", "compressLevel"),
  taking("zl", "compressLevel"),
  taking("compress-choice", "compressChoice"),
  taking("zc", "compressChoice"),
  taking("checksum-choice", "checksumChoice"),
  taking("cc", "checksumChoice"),
  taking("checksum-seed", "checksumSeed"),
  taking("skip-compress", "skipCompress"),
  taking("temp-dir T", "tempDir"),
  taking("backup-dir", "backupDir"),
  taking("suffix", "suffix"),
  taking("partial-dir", "partialDir"),
  taking("chmod", "chmod"),
  taking("chown", "chown"),
  taking("usermap", "userMap"),
  taking("groupmap", "groupMap"),
  taking("max-size", "maxSizeBytes"),
  taking("min-size", "minSizeBytes"),
  taking("remote-option M", "remoteOption"),
  taking("port", "port"),
  taking("password-file", "passwordFile"),
  taking("rsh e", "remoteShell"),
  taking("exclude", "exclude"),
  taking("include", "include"),
  taking("filter f", "filter"),

  nothing("relative R", pathsAreRelative),
  nothing("no-implied-dirs", pathsAreRelative),
  nothing("inc-recursive", ""),
  nothing("no-inc-recursive", ""),
  nothing("i-r", ""),
  nothing("no-i-r", ""),
  nothing("verbose v", ownLog),
  nothing("no-verbose", ""),
  nothing("no-v", ""),
  nothing("quiet q", ownLog),
  nothing("progress", ownLog),
  nothing("no-progress", ""),
  nothing("stats", ownLog),
  nothing("human-readable h", ownLog),
  nothing("no-human-readable", ""),
  nothing("no-h", ""),
  nothing("itemize-changes i", ownLog),
  nothing("no-motd", ownLog),
  nothing("msgs2stderr", ownLog),
  nothing("8-bit-output 8", ownLog),
  nothing("info=", ownLog),
  nothing("debug=", ownLog),
  nothing("outbuf=", ownLog),
  nothing("out-format=", ownLog),
  nothing("log-format=", ownLog),
  nothing("log-file=", ownLog),
  nothing("log-file-format=", ownLog),
  nothing("blocking-io", "no pipe is used"),
  nothing("protect-args s", "names travel as bytes anyway"),
  nothing("secluded-args", "names travel as bytes anyway"),
  nothing("contimeout=", "connections always have a deadline"),
  nothing("ignore-errors", "deletes name exact paths and never follow from a read error"),

  refused("atimes U", notHere),
  refused("crtimes N", notHere),
  refused("fake-super", notHere),
  refused("copy-links L", "symlinks are sent as symlinks and never followed"),
  refused("copy-unsafe-links", "symlinks are sent as symlinks and never followed"),
  refused("copy-dirlinks k", "symlinks are sent as symlinks and never followed"),
  refused("munge-links", notHere),
  refused("dirs d", notHere),
  refused("one-file-system x", notHere),
  refused("append", notHere),
  refused("append-verify", notHere),
  refused("copy-devices", notHere),
  refused("write-devices", notHere),
  refused("open-noatime", notHere),
  refused("delete-excluded", "what is excluded is never deleted"),
  refused("delete-missing-args", notHere),
  refused("ignore-missing-args", notHere),
  refused("remove-source-files", "a mirror never removes from its source"),
  refused("max-alloc=", notHere),
  refused("prune-empty-dirs m", notHere),
  refused("compare-dest=", notHere),
  refused("copy-dest=", notHere),
  refused("link-dest=", notHere),
  refused("cvs-exclude C", "write --exclude for what is meant"),
  refused("exclude-from=", "write the patterns themselves with --exclude"),
  refused("include-from=", "write the patterns themselves with --include"),
  refused("F F", "filter files in directories are not read"),
  refused("files-from=", onlyLocal),
  refused("from0 0", onlyLocal),
  refused("list-only", pullOnly),
  refused("rsync-path=", "no rsync is started"),
  refused("address=", notHere),
  refused("sockopts=", notHere),
  refused("ipv4 4", notHere),
  refused("ipv6 6", notHere),
  refused("iconv=", "names travel as bytes"),
  refused("protocol=", "the version is negotiated"),
  refused("write-batch=", notHere),
  refused("only-write-batch=", notHere),
  refused("read-batch=", notHere),
  refused("stop-after=", notHere),
  refused("stop-at=", notHere),
  refused("time-limit=", notHere),
  refused("early-input=", notHere),
  refused("trust-sender", pullOnly),
  refused("daemon", "sersync is a client"),
  refused("server", "sersync is a client"),
  refused("help", "it only prints"),
  refused("version V", "it only prints"),
];
