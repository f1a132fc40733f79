/** Waiting times grow from `firstMs` to `longestMs`, each with up to a quarter of jitter. */
export interface BackoffOptions {
  readonly firstMs: number;
  readonly longestMs: number;
  /** How much longer each one is than the one before; default 2. */
  readonly growth?: number;
  /** A number from 0 to 1; default Math.random. */
  readonly random?: () => number;
}

/**
 * A target that cannot be reached is tried again after 1 s, and at least once a minute. It grows
 * slowly: who comes back after ten seconds is not left waiting for another five.
 */
export const targetBackoff: BackoffOptions = { firstMs: 1_000, longestMs: 60_000, growth: 1.05 };
/** What only a person can mend (a password, a module's name) is tried again once a minute. */
export const standingBackoff: BackoffOptions = { firstMs: 60_000, longestMs: 60_000 };
/** A path that the target refuses is tried again ever more rarely. */
export const pathBackoff: BackoffOptions = { firstMs: 1_000, longestMs: 600_000 };

/** A path refused so often goes into the journal. */
export const pathPatience: number = 4;

/** A file that was changing while it was read is read again soon; its next event comes before. */
export const changingBackoff: BackoffOptions = { firstMs: 200, longestMs: 60_000 };

/** What two sessions make of one tree is over when the first of them is. */
export const conflictBackoff: BackoffOptions = { firstMs: 30, longestMs: 200 };
/** After so many tries it is no conflict, but stays in the way. */
const mostConflicts = 3;

/** True for a refusal, the `tries`th since a change, that may come of another session under way. */
export function isConflict(reason: string, tries: number): boolean {
  // Of what lies below a directory that it could not make a daemon says nothing at all.
  const mayPass =
    /did not acknowledge|No such file or directory|[Nn]ot a directory|[Ii]s a directory|[Nn]ot empty|non-empty directory|could not make way|File exists/;
  return tries <= mostConflicts && mayPass.test(reason);
}

/** How long to wait before attempt number `attempt` (the first repetition is 1), in ms. */
export function retryDelay(attempt: number, options: BackoffOptions): number {
  const { firstMs, longestMs, growth = 2, random = Math.random } = options;
  const delay = Math.min(longestMs, firstMs * growth ** Math.min(attempt - 1, 1_000));
  return delay * (1 + random() / 4);
}

/** What sessions broke with was perhaps there by chance: only by and by it waits for the journal. */
export function breakDelay(attempts: number, { retryMs }: { readonly retryMs: number }): number {
  return retryDelay(attempts, { ...pathBackoff, longestMs: retryMs });
}

/** A path refused `patience` times waits for the journal's retries, which go on for ever. */
export function refusalDelay(
  attempts: number,
  { patience, retryMs }: { readonly patience: number; readonly retryMs: number },
): number {
  if (attempts >= patience) return retryDelay(1, { firstMs: retryMs, longestMs: retryMs });
  return retryDelay(attempts, {
    ...pathBackoff,
    longestMs: Math.min(retryMs, pathBackoff.longestMs),
  });
}
