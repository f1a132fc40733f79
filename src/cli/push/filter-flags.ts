import {
  expandRule,
  FilterRules,
  type FilterStep,
  impliedCvsRules,
  parseFilterRule,
  parsePatternFile,
  parsePatternRule,
  type TransferOptions,
} from "../../../protocol/index.ts";
import { flag, type OptionRule, own } from "../../config/option-rule.ts";
import { readInput } from "./input.ts";

/** A filter rule as it was given; files are read when all options are known. */
export type FilterReader = (files: {
  readonly nul: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}) => readonly FilterStep[];

/** What is left out, and where names come from. */
export interface FilterFlags {
  readonly filters: FilterReader[];
  filesFrom: string | undefined;
  /** `-0`: names in files end in NUL. */
  nul: boolean;
  /** `-F`, so many times. */
  rsyncFilters: number;
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
  const reader = (names: string, read: (value: string) => FilterReader): OptionRule =>
    own(names, (value) => {
      filters.push(read(value));
      return undefined;
    });
  const patterns = (kind: "exclude" | "include"): OptionRule[] => [
    reader(`${kind}=`, (value) => () => [parsePatternRule(kind, bytesOf(value))]),
    reader(
      `${kind}-from=`,
      (file) =>
        ({ nul }) =>
          parsePatternFile(readInput(file), kind, nul),
    ),
  ];
  return [
    ...patterns("exclude"),
    ...patterns("include"),
    reader("filter f=", (value) => ruleReader(bytesOf(value))),
    own("files-from=", (value) => {
      flags.filesFrom = value;
      return value.startsWith(":") || value.includes(":/") ? "a file of this machine" : undefined;
    }),
    does("from0 0", () => {
      flags.nul = true;
    }),
    does("no-from0", () => {
      flags.nul = false;
    }),
    flag("cvs-exclude C", "cvsExclude"),
    does("F F", () => {
      flags.rsyncFilters += 1;
      if (flags.rsyncFilters === 1) filters.push(ruleReader(": /.rsync-filter"));
      if (flags.rsyncFilters === 2) filters.push(ruleReader("- .rsync-filter"));
    }),
  ];
}

/**
 * The rules of all options, in their order.
 *
 * @throws {RsyncError} BAD_OPTION for what is no rule; FILE_IO for a file that cannot be read.
 */
export function filterOf(
  flags: FilterFlags,
  { cvsExclude = false }: TransferOptions,
  environment: Readonly<Record<string, string | undefined>>,
): FilterRules {
  const files = { nul: flags.nul, environment };
  const rules = new FilterRules();
  for (const read of flags.filters) rules.add(...read(files));
  if (!cvsExclude) return rules;
  for (const rule of impliedCvsRules())
    rules.add(...expandRule(rule, { ...files, read: readInput }));
  return rules;
}

function ruleReader(text: string): FilterReader {
  return (files) => expandRule(parseFilterRule(text), { ...files, read: readInput });
}

function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
