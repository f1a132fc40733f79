/** A byte for each entry of lists whose length is not known before their end; 0 at first. */
export class GrowingBytes {
  #bytes: Uint8Array;

  /** @param expected how many there will be, where that is known. */
  constructor(expected = 0) {
    this.#bytes = new Uint8Array(expected);
  }

  get(place: number): number {
    return this.#bytes[place] ?? 0;
  }

  set(place: number, value: number): void {
    if (place >= this.#bytes.length) {
      const larger = new Uint8Array(Math.max(1_024, place * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[place] = value;
  }
}
