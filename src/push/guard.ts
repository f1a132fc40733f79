/** When a comparison wants to delete so much that a person must be asked. */
export interface GuardOptions {
  /**
   * The share of what the target has, from 0 to 1; default 0.5. With 1 only a source that holds
   * nothing at all is asked about.
   */
  readonly share?: number;
  /** Fewer objects than these are never asked about. Default 100. */
  readonly least?: number;
}

/** What a comparison found to be too much at the target. */
export interface GuardEvidence {
  /** Objects that the target has and the source has not. */
  readonly extraneous: number;
  /** Objects that the source has. */
  readonly listed: number;
}

export interface GuardVerdict extends GuardEvidence {
  readonly allowed: boolean;
}

/**
 * Judges what a comparison of the whole tree would delete. A source that has lost most of what the
 * target has, or everything, has more likely lost a mount than been cleared: then nothing goes.
 *
 * Not asked about what events tell: somebody did delete that.
 */
export function judgeDeletions(evidence: GuardEvidence, options: GuardOptions): GuardVerdict {
  const { share = 0.5, least = 100 } = options;
  const { extraneous, listed } = evidence;
  const isEmptied = listed <= 1 && extraneous > 0;
  const isMass = extraneous >= least && extraneous / (extraneous + listed) > share;
  return { extraneous, listed, allowed: !isEmptied && !isMass };
}

/** The verdict as one line for people. */
export function formatVerdict({ extraneous, listed }: GuardEvidence): string {
  if (listed <= 1) {
    return `the watched directory is empty, and the target has ${extraneous} objects`;
  }
  const percent = Math.round((100 * extraneous) / (extraneous + listed));
  return `${extraneous} objects at the target are not here any more, ${percent} % of what it has`;
}
