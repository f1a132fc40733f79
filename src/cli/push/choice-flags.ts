import { parsePatternRule } from "../../../protocol/index.ts";
import { flag, type OptionRule, own } from "../../config/option-rule.ts";
import { does, type FilterFlags } from "./filter-flags.ts";

/** What of the sources is sent, and what goes. */
export interface ChoiceFlags extends Pick<FilterFlags, "filters"> {
  /** Undefined: `--files-from` decides. */
  relative: boolean | undefined;
  recursive: boolean | undefined;
  /** `-x`; "skip", `-xx`: what is mounted is not even listed. */
  oneFileSystem: boolean | "skip";
  ignoreMissing: boolean;
  deleteMissing: boolean;
  removeSource: boolean;
  incremental: boolean;
}

/** The options that say what of the sources is sent, and what goes. */
export function choosing(flags: ChoiceFlags): OptionRule[] {
  return [
    ...descending(flags),
    ...keeping(flags),
    ...going(flags),
    ...listing(flags),
    ...alternates,
  ];
}

function descending(flags: ChoiceFlags): OptionRule[] {
  return [
    flag("dirs d", "dirs"),
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
  ];
}

/** What is left out of what is found. */
function keeping(flags: ChoiceFlags): OptionRule[] {
  return [
    flag("prune-empty-dirs m", "pruneEmptyDirs"),
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
  ];
}

/** What is deleted, there and here. */
function going(flags: ChoiceFlags): OptionRule[] {
  return [
    flag("ignore-errors", "ignoreErrors"),
    own("delete-excluded", (_, { options }) => {
      options.deleteExcluded = true;
      options.delete ||= true;
      return undefined;
    }),
    deleting("del", "during"),
    ...(["before", "during", "delay", "after"] as const).map((when) =>
      deleting(`delete-${when}`, when),
    ),
    does("ignore-missing-args", () => {
      flags.ignoreMissing = true;
    }),
    does("delete-missing-args", () => {
      flags.deleteMissing = true;
    }),
    ...["remove-source-files", "remove-sent-files"].map((name) =>
      does(name, () => {
        flags.removeSource = true;
      }),
    ),
  ];
}

/** As in rsync one time is said; "delay" is one kind of "during". */
function deleting(name: string, when: "before" | "during" | "delay" | "after"): OptionRule {
  return own(name, (_, { options }) => {
    const said = options.delete;
    const differs = typeof said === "string" && passOf(said) !== passOf(when);
    options.delete = when;
    return differs ? `one time: --delete-${said}` : undefined;
  });
}

function passOf(when: string): string {
  return when === "delay" ? "during" : when;
}

function listing(flags: ChoiceFlags): OptionRule[] {
  return [
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
  ];
}

/** Where the other side looks for what it need not be sent. */
const alternates: readonly OptionRule[] = (["compare", "copy", "link"] as const).map((how) =>
  own(`${how}-dest=`, (value, { options }) => {
    const { alternate } = options;
    if (alternate !== undefined && alternate.how !== how)
      return `one kind: --${alternate.how}-dest`;
    const directories = [...(alternate?.directories ?? []), value];
    options.alternate = { how, directories };
    return directories.length > 20 ? "at most 20 of them" : undefined;
  }),
);

interface Recursion {
  recursive?: boolean | undefined;
}

function noRecursion(flags: ChoiceFlags, options: Recursion): undefined {
  flags.recursive = false;
  options.recursive = false;
}

function impliedDirs(options: { impliedDirs?: boolean | undefined }, on: boolean): undefined {
  options.impliedDirs = on;
}
