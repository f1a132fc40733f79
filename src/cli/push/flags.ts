import { parsePatternRule } from "../../../protocol/index.ts";
import { flag, type OptionRule, own, refused } from "../../config/option-rule.ts";
import { type ConnectionFlags, connecting } from "./connection-flags.ts";
import { does, type FilterFlags, filtering } from "./filter-flags.ts";
import { sending } from "./sending-flags.ts";
import { type StopFlags, stopping } from "./stop-flags.ts";
import { logging } from "./transfer-log.ts";

/** What can be told while a push runs; numbers are how much of it, 0 nothing. */
export type InfoName = "del" | "flist" | "name" | "progress" | "stats";

/** What the options of `sersync push` say besides how files are transferred. */
export interface PushFlags extends FilterFlags, ConnectionFlags, StopFlags {
  verbosity: number;
  quiet: boolean;
  /** `-i`; 2: what is as it should be is told, too. */
  itemize: number;
  /** `-h`: 0 plain digits, 1 groups of digits, 2 units of 1000, 3 units of 1024. */
  human: number;
  motd: boolean;
  readonly info: Map<InfoName, number>;
  outFormat: string | undefined;
  /** Undefined: `--files-from` decides. */
  relative: boolean | undefined;
  recursive: boolean | undefined;
  /** `-x`; "skip", `-xx`: what is mounted is not even listed. */
  oneFileSystem: boolean | "skip";
  ignoreMissing: boolean;
  deleteMissing: boolean;
  logFile: string | undefined;
  /** `--log-file-format`; undefined: rsync's own. */
  logFormat: string | undefined;
  removeSource: boolean;
  incremental: boolean;
}

/** The flags before any option was read. */
export function initialFlags(): PushFlags {
  return {
    verbosity: 0,
    quiet: false,
    itemize: 0,
    human: 1,
    motd: true,
    info: new Map(),
    outFormat: undefined,
    filesFrom: undefined,
    nul: false,
    relative: undefined,
    recursive: undefined,
    oneFileSystem: false,
    ignoreMissing: false,
    deleteMissing: false,
    logFile: undefined,
    logFormat: undefined,
    removeSource: false,
    incremental: true,
    protocol: undefined,
    family: undefined,
    localAddress: undefined,
    connectSeconds: undefined,
    program: undefined,
    iconv: undefined,
    filters: [],
    rsyncFilters: 0,
    stopAt: undefined,
  };
}

const infoNames: ReadonlySet<string> = new Set(["del", "flist", "name", "progress", "stats"]);
/** Told by the daemon, if at all. */
const otherInfo: ReadonlySet<string> = new Set(
  "backup copy misc mount nonreg remove skip symsafe".split(" "),
);
const oneStream = "errors: they go to the standard error, everything else to the standard output";

/** Options that a push has and a mirror has not, or that mean something else there. */
export function pushRules(flags: PushFlags): readonly OptionRule[] {
  return [
    ...telling(flags),
    ...logging(flags),
    ...choosing(flags),
    ...sending,
    ...filtering(flags),
    ...connecting(flags),
    ...stopping(flags),
  ];
}

function telling(flags: PushFlags): OptionRule[] {
  return [
    does("verbose v", () => {
      flags.verbosity += 1;
    }),
    does("no-verbose", () => {
      flags.verbosity = 0;
    }),
    does("quiet q", () => {
      flags.quiet = true;
    }),
    does("itemize-changes i", () => {
      flags.itemize += 1;
    }),
    ...["no-itemize-changes", "no-i"].map((name) =>
      does(name, () => {
        flags.itemize = 0;
      }),
    ),
    does("human-readable h", () => {
      flags.human += 1;
    }),
    does("no-human-readable", () => {
      flags.human = 0;
    }),
    does("no-h", () => {
      flags.human = 0;
    }),
    does("no-motd", () => {
      flags.motd = false;
    }),
    does("motd", () => {
      flags.motd = true;
    }),
    does("progress", () => {
      showProgress(flags);
    }),
    does("no-progress", () => {
      flags.info.set("progress", 0);
    }),
    does("stats", () => {
      flags.info.set("stats", 2);
    }),
    own("P P", (_, { options }) => {
      options.partial = true;
      showProgress(flags);
      return undefined;
    }),
    own("info=", (value) => readInfo(value, flags)),
    own("out-format=", (value) => {
      flags.outFormat = value;
      return undefined;
    }),
    own("log-format=", (value) => {
      flags.outFormat = value;
      return undefined;
    }),
    refused("debug=", "what it does is told by -vv, and by --log-file"),
    own("outbuf=", (value) =>
      /^(n|l|b|none|line|block|unbuffered|full)$/i.test(value) ? undefined : "N, L or B",
    ),
    refused("msgs2stderr", oneStream),
    own("stderr=", (value) => (/^(e|errors|c|client)$/.test(value) ? undefined : oneStream)),
  ];
}

function showProgress({ info }: PushFlags): void {
  info.set("progress", 1);
  info.set("name", 1);
  info.set("flist", 1);
}

function choosing(flags: PushFlags): OptionRule[] {
  return [
    flag("dirs d", "dirs"),
    flag("prune-empty-dirs m", "pruneEmptyDirs"),
    flag("ignore-errors", "ignoreErrors"),
    own("delete-excluded", (_, { options }) => {
      options.deleteExcluded = true;
      options.delete ||= true;
      return undefined;
    }),
    own("recursive r", (_, { options }) => {
      flags.recursive = true;
      options.recursive = true;
      return undefined;
    }),
    own("no-recursive", (_, { options }) => noRecursion(flags, options)),
    own("no-r", (_, { options }) => noRecursion(flags, options)),
    does("relative R", () => {
      flags.relative = true;
    }),
    does("no-relative", () => {
      flags.relative = false;
    }),
    does("no-R", () => {
      flags.relative = false;
    }),
    ...["implied-dirs", "i-d"].map((name) =>
      own(name, (_, { options }) => impliedDirs(options, true)),
    ),
    ...["no-implied-dirs", "no-i-d"].map((name) =>
      own(name, (_, { options }) => impliedDirs(options, false)),
    ),
    does("one-file-system x", () => {
      flags.oneFileSystem = flags.oneFileSystem === false ? true : "skip";
    }),
    ...["no-one-file-system", "no-x"].map((name) =>
      does(name, () => {
        flags.oneFileSystem = false;
      }),
    ),
    ...["old-dirs", "old-d"].map((name) =>
      own(name, (_, { options }) => {
        options.recursive = true;
        options.dirs = false;
        flags.filters.push(() => [parsePatternRule("exclude", "/*/*")]);
        return undefined;
      }),
    ),
    does("ignore-missing-args", () => {
      flags.ignoreMissing = true;
    }),
    does("delete-missing-args", () => {
      flags.deleteMissing = true;
    }),
    does("remove-source-files", () => {
      flags.removeSource = true;
    }),
    does("inc-recursive", () => {
      flags.incremental = true;
    }),
    does("i-r", () => {
      flags.incremental = true;
    }),
    does("no-inc-recursive", () => {
      flags.incremental = false;
    }),
    does("no-i-r", () => {
      flags.incremental = false;
    }),
    ...(["compare", "copy", "link"] as const).map((how) =>
      own(`${how}-dest=`, (value, { options }) => {
        const { alternate } = options;
        if (alternate !== undefined && alternate.how !== how)
          return `one kind: --${alternate.how}-dest`;
        const directories = [...(alternate?.directories ?? []), value];
        options.alternate = { how, directories };
        return directories.length > 20 ? "at most 20 of them" : undefined;
      }),
    ),
  ];
}

interface Recursion {
  recursive?: boolean | undefined;
}

function noRecursion(flags: PushFlags, options: Recursion): undefined {
  flags.recursive = false;
  options.recursive = false;
}

function impliedDirs(options: { impliedDirs?: boolean | undefined }, on: boolean): undefined {
  options.impliedDirs = on;
}

function readInfo(value: string, flags: PushFlags): string | undefined {
  for (const word of value.toLowerCase().split(",")) {
    const [, name = "", level = "1"] = /^([a-z]+)(\d?)$/.exec(word) ?? [];
    if (name === "none") for (const each of infoNames) flags.info.set(each as InfoName, 0);
    else if (infoNames.has(name)) flags.info.set(name as InfoName, Number(level || 1));
    else if (!otherInfo.has(name)) return `names such as ${[...infoNames].join(", ")}`;
  }
  return undefined;
}
