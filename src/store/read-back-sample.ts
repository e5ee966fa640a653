import type { Kv } from './kv.ts';
import type { Entry } from './portions.ts';
import { corrupt } from './store-error.ts';

/** Entries kept at most; spread evenly over all that was written. */
const SIZE = 256;
const AT_ONCE = 32;

/** An even sample of what was written, to compare with what the store gives back. */
export class ReadBackSample {
  readonly #kept = new Map<string, Uint8Array>();
  #seen = 0;
  #stride = 1;

  add(entries: readonly Entry[]): void {
    for (const [key, value] of entries) {
      // The same key written again replaces what is expected of it.
      if (this.#kept.has(key) || this.#seen % this.#stride === 0) {
        // a copy, since the value can be a view of much more
        this.#kept.set(key, value.slice());
      }
      this.#seen++;
      if (this.#kept.size > SIZE) this.#halve();
    }
  }

  /** The entry is deleted again and not to be looked for. */
  drop(key: string): void {
    this.#kept.delete(key);
  }

  /** Throws `STORE_CORRUPT` if an entry is absent or other than it was written. */
  async verify(kv: Kv): Promise<void> {
    const kept = [...this.#kept];
    for (let from = 0; from < kept.length; from += AT_ONCE) {
      const portion = kept.slice(from, from + AT_ONCE);
      const values = await kv.getMany(portion.map(([key]) => key));
      for (const [i, [key, written]] of portion.entries()) {
        const value = values[i];
        if (!value || Buffer.compare(value, written) !== 0) {
          throw corrupt(
            `The store gave back something else than was written under ${key.slice(0, 100)}`,
          );
        }
      }
    }
  }

  #halve(): void {
    this.#stride *= 2;
    for (const [i, key] of [...this.#kept.keys()].entries())
      if (i % 2 === 1) this.#kept.delete(key);
  }
}
