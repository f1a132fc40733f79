/**
 * Calls `abort` when the signal aborts, at once when it has.
 *
 * @returns what ends the waiting for it.
 */
export function whenAborted(signal: AbortSignal | undefined, abort: () => void): () => void {
  signal?.addEventListener("abort", abort);
  if (signal?.aborted) abort();
  return () => signal?.removeEventListener("abort", abort);
}
