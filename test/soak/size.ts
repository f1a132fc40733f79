/** What `npm run soak` was asked for; test/soak/run.mjs says what each means. */
export interface SoakSize {
  readonly seeds: readonly number[];
  readonly startObjects: number;
  readonly operations: number;
  readonly processes: number;
  readonly deadlineMs: number;
  readonly versions: readonly string[];
  readonly variants: readonly string[];
  readonly minutes: number;
  readonly writesPerSecond: number;
}

/** Reads what run.mjs hands on. */
export function soakSize(): SoakSize {
  return JSON.parse(process.env["SERSYNC_SOAK"] ?? "{}") as SoakSize;
}
