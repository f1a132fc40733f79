import { nothing, type OptionRule, own, refused } from "../../config/option-rule.ts";
import { type ChoiceFlags, choosing } from "./choice-flags.ts";
import { type ConnectionFlags, connecting } from "./connection-flags.ts";
import { does, type FilterFlags, filtering } from "./filter-flags.ts";
import { type InfoFlags, informing, initialInfo } from "./info-flags.ts";
import { type LogFlags, logging } from "./log-flags.ts";
import { type PartialFlags, placing } from "./partial-flags.ts";
import { sending } from "./sending-flags.ts";
import { type StopFlags, stopping } from "./stop-flags.ts";

/** What the options of `sersync push` say besides how files are transferred. */
export interface PushFlags
  extends FilterFlags,
    ChoiceFlags,
    ConnectionFlags,
    InfoFlags,
    LogFlags,
    PartialFlags,
    StopFlags {
  quiet: boolean;
  /** `-i`; 2: what is as it should be is told, too. */
  itemize: number;
  /** `-h`: 0 plain digits, 1 groups of digits, 2 units of 1000, 3 units of 1024. */
  human: number;
  motd: boolean;
  outFormat: string | undefined;
}

/** The flags before any option was read. */
export function initialFlags(): PushFlags {
  return {
    ...initialInfo(),
    quiet: false,
    itemize: 0,
    human: 1,
    motd: true,
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
    earlyInput: undefined,
    iconv: undefined,
    filters: [],
    rsyncFilters: 0,
    stopAt: undefined,
    placesParts: false,
  };
}

const oneStream = "errors: they go to the standard error, everything else to the standard output";

/** Options that a push has and a mirror has not, or that mean something else there. */
export function pushRules(flags: PushFlags): readonly OptionRule[] {
  return [
    ...telling(flags),
    ...informing(flags),
    ...phrasing(flags),
    ...logging(flags),
    ...choosing(flags),
    ...sending,
    placing(flags),
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
    nothing("8-bit-output 8", "bytes that are no UTF-8 text are always told as \\#351"),
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
  ];
}

/** How it is told, and where. */
function phrasing(flags: PushFlags): OptionRule[] {
  return [
    does("no-motd", () => {
      flags.motd = false;
    }),
    does("motd", () => {
      flags.motd = true;
    }),
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
