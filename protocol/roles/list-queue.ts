/** A list, by the numbers of its entries. */
export interface NumberedPart {
  /** The number of its first entry; the one before it stands for the directory whose list it is. */
  readonly first: number;
  readonly entries: { readonly length: number };
}

const dropsFrom = 64;

/** Lists that come one after the other, and are forgotten one after the other. */
export class ListQueue<L extends NumberedPart> {
  /** In order; those that are forgotten are undefined, and dropped now and then. */
  #lists: (L | undefined)[] = [];
  #oldest = 0;
  /** Where the last one was found: numbers come mostly in order. */
  #recent = 0;

  get length(): number {
    return this.#lists.length - this.#oldest;
  }

  get oldest(): L | undefined {
    return this.#lists[this.#oldest];
  }

  push(list: L): void {
    this.#lists.push(list);
  }

  /** Takes the oldest out. */
  shift(): L | undefined {
    const list = this.#lists[this.#oldest];
    if (list === undefined) return undefined;
    this.#lists[this.#oldest] = undefined;
    this.#oldest += 1;
    this.#recent = Math.max(this.#recent, this.#oldest);
    if (this.#oldest > dropsFrom && this.#oldest * 2 > this.#lists.length) this.#drop();
    return list;
  }

  /** The list that has this number. */
  find(index: number): L | undefined {
    const recent = this.#lists[this.#recent];
    if (recent !== undefined && isIn(recent, index)) return recent;
    let low = this.#oldest;
    let high = this.#lists.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lists[middle] as L).first - 1 <= index) low = middle;
      else high = middle - 1;
    }
    const found = this.#lists[low];
    if (found === undefined || !isIn(found, index)) return undefined;
    this.#recent = low;
    return found;
  }

  #drop(): void {
    this.#lists = this.#lists.slice(this.#oldest);
    this.#recent -= this.#oldest;
    this.#oldest = 0;
  }
}

function isIn({ first, entries }: NumberedPart, index: number): boolean {
  return index >= first - 1 && index < first + entries.length;
}
