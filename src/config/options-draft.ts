import type { TransferOptions } from "../../protocol/index.ts";
import type { PatternRule } from "../filter/filter.ts";

/** What a list of rsync options says, while it is being put together. */
export interface OptionsDraft {
  options: { -readonly [K in keyof TransferOptions]: TransferOptions[K] };
  patterns: PatternRule[];
  words: string[];
  /** `-z`, so many times. */
  compressions: number;
  port?: number;
  passwordFile?: string;
  remoteShell?: string;
  notes: string[];
  problems: string[];
  /** What rsync exits with for them, where that is not 1. */
  exitCode?: number;
}
