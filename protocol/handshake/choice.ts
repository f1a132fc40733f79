import { RsyncError } from "../errors.ts";

/**
 * The first of our names that the daemon has: we answer its list with exactly one, because daemons
 * before 3.5.0 choose by our order and 3.5.0 by its own (spec 1 §3.3).
 *
 * @throws {RsyncError} PROTOCOL_MISMATCH when there is none in common.
 */
export function chooseName<T extends string>(
  what: string,
  ours: readonly T[],
  theirs: readonly string[],
): T {
  const chosen = ours.find((name) => theirs.includes(name));
  if (chosen === undefined) {
    throw new RsyncError(
      "PROTOCOL_MISMATCH",
      `Cannot agree on a ${what}: the daemon offers ${theirs.join(", ") || "none"}, we have ${ours.join(", ")}`,
    );
  }
  return chosen;
}
