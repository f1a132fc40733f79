import { type OptionRule, own } from "../../config/option-rule.ts";

/** Where a log goes, and what stands in it. */
export interface LogFlags {
  logFile: string | undefined;
  /** `--log-file-format`; undefined: rsync's own. */
  logFormat: string | undefined;
}

/** `--log-file` and `--log-file-format`. */
export function logging(flags: LogFlags): OptionRule[] {
  return [
    own("log-file=", (value) => {
      flags.logFile = value === "" ? undefined : value;
      return undefined;
    }),
    own("log-file-format=", (value) => {
      flags.logFormat = value;
      return undefined;
    }),
  ];
}
