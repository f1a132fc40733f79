import type { ProgressOutput } from "./progress-line.ts";

/** Where a command tells what it does. */
export interface Outputs {
  /** What `-q` silences. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Where it is told how far the whole is, of itself; undefined: nowhere. */
  readonly progress?: ProgressOutput | undefined;
}
