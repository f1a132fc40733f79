import { RsyncError } from "../../../protocol/index.ts";
import { type OptionRule, own } from "../../config/option-rule.ts";

/** When a push is given up. */
export interface StopFlags {
  /** In milliseconds since 1970; undefined: never. */
  stopAt: number | undefined;
}

const mostMinutes = 10_000_000;
/** What timers can wait, ms. */
const longestTimer = 2 ** 31 - 1;

/** The options that say when to give up. */
export function stopping(flags: StopFlags, now: () => number = Date.now): OptionRule[] {
  const after = (name: string): OptionRule =>
    own(`${name}=`, (value) => {
      const minutes = /^\d{1,8}$/.test(value) ? Number(value) : 0;
      flags.stopAt = now() + minutes * 60_000;
      return minutes > 0 && minutes <= mostMinutes ? undefined : "a number of minutes";
    });
  return [
    after("stop-after"),
    after("time-limit"),
    own("stop-at=", (value) => {
      flags.stopAt = parsePointInTime(value, now());
      return flags.stopAt === undefined
        ? "a time to come, such as 14:30 or 2030-12-31T23:59"
        : undefined;
    }),
  ];
}

const pointInTime =
  /^(?:(?:(?:(\d{4}|\d{2})[-/])?(\d{1,2})[-/])?(\d{1,2}))?(?:(?:^|T)(\d{1,2})?:(\d{1,2}))?$/;
const mostDays = 366 * 9;

/**
 * The next point in time that fits what is said of it, such as `14:00`, `:59`, `31`, `1-30`, in
 * local time; what is left out may be anything, a time behind a date is midnight.
 *
 * @returns milliseconds since 1970; undefined when nothing to come fits.
 */
export function parsePointInTime(text: string, now: number): number | undefined {
  const fields = text === "" ? null : pointInTime.exec(text);
  if (fields === null) return undefined;
  const [year, month, day, hour, minute] = fields
    .slice(1)
    .map((field) => (field === undefined ? undefined : Number(field)));
  const hours = hour ?? (minute === undefined ? 0 : undefined);
  const begin = new Date(now);
  for (let days = 0; days < mostDays; days += 1) {
    const at = new Date(begin.getFullYear(), begin.getMonth(), begin.getDate() + days);
    const fitsYear = year === undefined || year === at.getFullYear() % (year < 100 ? 100 : 1e4);
    const fitsMonth = month === undefined || month === at.getMonth() + 1;
    if (!fitsYear || !fitsMonth || (day !== undefined && day !== at.getDate())) continue;
    for (let each = hours ?? 0; each <= (hours ?? 23); each += 1) {
      const found = new Date(at.getTime()).setHours(each, minute ?? 0);
      const isReal = new Date(found).getHours() === each && (minute ?? 0) < 60;
      if (isReal && found > now) return found;
    }
  }
  return undefined;
}

/**
 * Runs what may take until a point in time.
 *
 * @throws {RsyncError} TIMED_OUT when it came first; whatever `run` throws.
 */
export async function untilStop<T>(
  stopAt: number | undefined,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  const left = (stopAt ?? Number.POSITIVE_INFINITY) - Date.now();
  if (left > longestTimer) return run(signal);
  const limit = AbortSignal.timeout(Math.max(0, left));
  try {
    return await run(signal === undefined ? limit : AbortSignal.any([signal, limit]));
  } catch (error) {
    if (!limit.aborted || signal?.aborted) throw error;
    throw new RsyncError("TIMED_OUT", "Cannot go on: the time that was given is over", {
      cause: error,
    });
  }
}
