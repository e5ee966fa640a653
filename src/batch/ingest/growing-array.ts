/** Numbers of unknown count in a typed array that doubles as it fills. */
export class GrowingArray<T extends Int32Array | Float64Array> {
  #items: T;
  #length = 0;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#items = make(1024);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#items.length) {
      const wider = this.#make(this.#items.length * 2);
      wider.set(this.#items);
      this.#items = wider;
    }
    this.#items[this.#length++] = value;
  }

  /** The numbers so far; shares memory, so it is only for reading before the next `push`. */
  view(): T {
    // subarray of a T is a T; the library types it by the union.
    return this.#items.subarray(0, this.#length) as T;
  }
}

export const growingInt32 = (): GrowingArray<Int32Array> =>
  new GrowingArray((length) => new Int32Array(length));

export const growingFloat64 = (): GrowingArray<Float64Array> =>
  new GrowingArray((length) => new Float64Array(length));
