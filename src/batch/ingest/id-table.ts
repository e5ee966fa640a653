/** Ids with an index each, in the order of their first appearance. */
export class IdTable {
  readonly ids: string[] = [];
  readonly #index = new Map<string, number>();

  get length(): number {
    return this.ids.length;
  }

  indexOf(id: string): number | undefined {
    return this.#index.get(id);
  }

  /** Index of an id, which is added where it is new. */
  add(id: string): number {
    const known = this.#index.get(id);
    if (known !== undefined) return known;
    const index = this.ids.push(id) - 1;
    this.#index.set(id, index);
    return index;
  }
}
