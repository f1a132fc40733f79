/** What one file cost on its way, of the stream of data without frames. */
export interface Traffic {
  /** Bytes that went to the peer: from a sender an answer with its head, content and sum. */
  readonly sent: number;
  /** Bytes that came: to a sender block sums with their head, to a receiver what follows the item. */
  readonly received: number;
  /** The sum of the whole content, in wire order. */
  readonly sum: Uint8Array;
}
