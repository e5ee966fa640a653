import { hash } from 'node:crypto';
import type { Dataset } from './ingest/dataset.ts';

/** Share of the training rows that chooses variances, level map, interest and end of training. */
export const TUNING_SHARE = 0.08;

/**
 * Cuts the rows that choose from the rows that are learned from first. Each row is in the slice with the same chance, by its
 * reader, its book and the seed alone: whatever else the data hold, so that a training that starts from an older one
 * chooses on rows that neither has seen.
 */
export function tuningSlice(
  { ratings, readers, books }: Dataset,
  rows: Int32Array,
  seed: number,
): { tuning: Int32Array; rest: Int32Array } {
  const ofReader = hashes(readers.ids, `reader:${seed}`);
  const ofBook = hashes(books.ids, `book:${seed}`);
  const below = TUNING_SHARE * 2 ** 32;
  const chosen = Uint8Array.from(rows, (row) => {
    const [reader = 0, book = 0] = [
      ofReader[ratings.reader[row] ?? 0],
      ofBook[ratings.book[row] ?? 0],
    ];
    return mixed(reader, book) < below ? 1 : 0;
  });
  return {
    tuning: rows.filter((_, n) => chosen[n] === 1),
    rest: rows.filter((_, n) => chosen[n] === 0),
  };
}

/** First 4 bytes of SHA-256 of each text. */
function hashes(texts: readonly string[], salt: string): Uint32Array {
  return Uint32Array.from(texts, (text) =>
    Number.parseInt(hash('sha256', `${salt}:${text}`, 'hex').slice(0, 8), 16),
  );
}

/** A number below 2^32 that depends on every bit of both (the end of MurmurHash3). */
function mixed(a: number, b: number): number {
  let h = a ^ Math.imul(b, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
