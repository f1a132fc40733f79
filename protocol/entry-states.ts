import type { SendOutcome } from "./roles/file-sender.ts";
import { GrowingBytes } from "./roles/growing-bytes.ts";

type Outcome = SendOutcome["kind"];

const outcomes: readonly (Outcome | undefined)[] = [
  undefined,
  "sent",
  "changed",
  "vanished",
  "unreadable",
];
const acknowledgedBit = 0x80;
const outcomeBits = 0x07;

/** What is known of each entry by its place, in one byte. */
export class EntryStates {
  readonly #states: GrowingBytes;
  readonly #reasons = new Map<number, string>();
  readonly #counts = new Map<Outcome, number>();

  /** @param expected how many entries there are, where that is known. */
  constructor(expected = 0) {
    this.#states = new GrowingBytes(expected);
  }

  acknowledge(place: number): void {
    this.#states.set(place, this.#states.get(place) | acknowledgedBit);
  }

  isAcknowledged(place: number): boolean {
    return (this.#states.get(place) & acknowledgedBit) !== 0;
  }

  /** How the sending of content ended; a second time counts instead of the first. */
  finish(place: number, outcome: SendOutcome): void {
    const before = this.outcome(place);
    if (before !== undefined) this.#count(before, -1);
    this.#count(outcome.kind, 1);
    const acknowledged = this.#states.get(place) & acknowledgedBit;
    this.#states.set(place, acknowledged | outcomes.indexOf(outcome.kind));
    if (outcome.kind === "unreadable") this.#reasons.set(place, outcome.cause.message);
  }

  /** Undefined when no content was asked for. */
  outcome(place: number): Outcome | undefined {
    return outcomes[this.#states.get(place) & outcomeBits];
  }

  /** Why an entry is unreadable. */
  reason(place: number): string {
    return this.#reasons.get(place) ?? "";
  }

  /** Whether any entry has ended so. */
  has(outcome: Outcome): boolean {
    return (this.#counts.get(outcome) ?? 0) > 0;
  }

  #count(outcome: Outcome, by: number): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + by);
  }
}
