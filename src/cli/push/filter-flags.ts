import {
  type FilterRule,
  parseFilterFile,
  parseFilterRule,
  parsePatternRule,
  RsyncError,
} from "../../../protocol/index.ts";
import { type OptionRule, own, refused } from "../../config/option-table.ts";
import { readInput } from "./input.ts";

/** A filter rule as it was given; files are read when all options are known. */
export type FilterStep = (options: { readonly nul: boolean }) => readonly (FilterRule | "clear")[];

/** What is left out, and where names come from. */
export interface FilterFlags {
  readonly filters: FilterStep[];
  filesFrom: string | undefined;
  /** `-0`: names in files end in NUL. */
  nul: boolean;
}

/** Does something and takes no value. */
export function does(names: string, apply: () => void): OptionRule {
  return own(names, () => {
    apply();
    return undefined;
  });
}

/** The options that say what is left out. */
export function filtering(flags: FilterFlags): OptionRule[] {
  const { filters } = flags;
  const step = (names: string, read: (value: string) => FilterStep): OptionRule =>
    own(names, (value) => {
      filters.push(read(value));
      return undefined;
    });
  return [
    step("exclude=", (value) => () => [parsePatternRule("exclude", bytesOf(value))]),
    step("include=", (value) => () => [parsePatternRule("include", bytesOf(value))]),
    step(
      "exclude-from=",
      (file) =>
        ({ nul }) =>
          parseFilterFile(readInput(file), { lines: "exclude", nul }),
    ),
    step(
      "include-from=",
      (file) =>
        ({ nul }) =>
          parseFilterFile(readInput(file), { lines: "include", nul }),
    ),
    step(
      "filter f=",
      (value) =>
        ({ nul }) =>
          filterRules(bytesOf(value), nul),
    ),
    own("files-from=", (value) => {
      flags.filesFrom = value;
      return value.startsWith(":") || value.includes(":/") ? "a file of this machine" : undefined;
    }),
    does("from0 0", () => {
      flags.nul = true;
    }),
    refused("cvs-exclude C", "write --exclude for what is meant"),
    refused("F F", "write --filter=': NAME' for files of rules in directories"),
  ];
}

/** A rule, or the rules of the file that it names. */
function filterRules(text: string, nul: boolean): readonly (FilterRule | "clear")[] {
  const rule = parseFilterRule(text);
  if (rule === "clear" || !rule.kind.startsWith("merge")) return [rule];
  if (rule.kind === "merge") return parseFilterFile(readInput(rule.pattern), { ...rule, nul });
  if (!rule.pattern.includes("/")) return [rule];
  throw new RsyncError(
    "BAD_OPTION",
    `--filter ${JSON.stringify(text)}: only a name is available here, no path`,
  );
}

function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
