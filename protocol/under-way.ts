import { type Agreement, isIncremental } from "./agreement.ts";
import { messageTags } from "./mux/frame.ts";
import type { Output } from "./mux/mux.ts";
import type { TransferOptions } from "./options.ts";
import { encoded } from "./wire/writer.ts";

/** rsync's generator waits at 10 files under way when they are large, else at 50. */
const harmless = 8;

/**
 * Files that were sent whole and not acknowledged yet, in the order in which the daemon takes them.
 *
 * rsync's generator asks for no further file while so many are under way. One that its receiver
 * refuses stays among them for ever where the list is one piece, as the generator hears of that only
 * under incremental recursion: then both sides wait until the timeout. Saying of such a file that it
 * will not come takes it off the generator's count.
 */
export class UnderWay {
  readonly #indexes = new Set<number>();

  sent(index: number): void {
    this.#indexes.add(index);
  }

  /** What the daemon's receiver complains of is the oldest. */
  heard(tag: number, payload: Buffer, output: Output | undefined): void {
    if (tag === messageTags.success) this.#indexes.delete(payload.readInt32LE(0));
    if (tag !== messageTags.errorTransfer || this.#indexes.size < harmless) return;
    if (!payload.includes("[receiver] ") || output === undefined) return;
    const [oldest = 0] = this.#indexes;
    this.#indexes.delete(oldest);
    const index = encoded((to) => to.int32(oldest));
    output.message(messageTags.noSend, index);
    output.flush();
  }

  /** All is sent: the daemon waits for nothing but the goodbye. */
  end(): void {
    this.#indexes.clear();
  }
}

/** True where a daemon counts what is under way, and is not told what its receiver refuses. */
export function countsUnderWay(agreement: Agreement, { delayUpdates }: TransferOptions): boolean {
  const { acknowledges, protocol } = agreement;
  return acknowledges && protocol >= 30 && !isIncremental(agreement) && !delayUpdates;
}
