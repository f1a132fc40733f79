import type { Duplex } from "node:stream";

/** The bytes of both directions between us and a daemon, whatever carries them. */
export interface Connection extends Duplex {
  /** What has arrived so far. */
  readonly bytesRead: number;
  /** Set where what arrives comes as views, valid during the call, and not as "data". */
  receive?(take: (view: Buffer) => void): void;
  /** Emits "timeout" after so much silence in both directions; 0: never. */
  setTimeout(timeoutMs: number, onSilence?: () => void): this;
  /**
   * Set where the other side has a second stream for its complaints: told of each line. What it
   * says of its end may come later than its end.
   */
  onComplaint?: ((line: string) => void) | undefined;
}
