/** A binary heap that hands out the item with the smallest key first. */
export class MinHeap<Item> {
  readonly #key: (item: Item) => number;
  readonly #items: Item[] = [];

  constructor(key: (item: Item) => number) {
    this.#key = key;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The item with the smallest key, left in place. */
  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    this.#items.push(item);
    let child = this.#items.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#keyAt(parent) <= this.#keyAt(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  /** Removes and returns the item with the smallest key. */
  pop(): Item | undefined {
    const top = this.#items[0];
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return top;
    this.#items[0] = last;
    this.#sink();
    return top;
  }

  #sink(): void {
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const smaller = this.#keyAt(left + 1) < this.#keyAt(left) ? left + 1 : left;
      if (this.#keyAt(smaller) >= this.#keyAt(parent)) return;
      this.#swap(parent, smaller);
      parent = smaller;
    }
  }

  #keyAt(index: number): number {
    const item = this.#items[index];
    return item === undefined ? Number.POSITIVE_INFINITY : this.#key(item);
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#items[a], this.#items[b]];
    if (first === undefined || second === undefined) return;
    this.#items[a] = second;
    this.#items[b] = first;
  }
}
