import { type Directions, NO_DIRECTIONS } from '../../model/directions.ts';
import { seededRandom } from '../../model/random.ts';
import { buildRatingMatrix } from '../../model/rating-matrix.ts';
import { sharedSingles } from '../../model/shared-array.ts';
import type { Dataset } from '../ingest/dataset.ts';
import { enoughOf, strongestDirections } from './strongest-directions.ts';

/** S; on BookCrossing 16 are no better than 8. */
export const DIRECTIONS = 8;

/** Their span need not be exact: a few passes more change no figure. */
const SETTLED = 0.05;
/** Seed of the directions that the iteration starts from; any number does. */
const SEED = 1;

/** Who met what: one entry a meeting. */
export interface Meetings {
  readonly reader: Int32Array;
  readonly book: Int32Array;
  /** Sizes of the two sides. */
  readonly readers: number;
  readonly books: number;
}

/** By the given rows of the ratings and all interactions. */
export function meetingsOf(
  { ratings, interactions, readers, books }: Dataset,
  rows: Int32Array,
): Meetings {
  const joined = (side: 'reader' | 'book'): Int32Array => {
    const all = new Int32Array(rows.length + interactions[side].length);
    all.set(rows.map((row) => ratings[side][row]));
    all.set(interactions[side], rows.length);
    return all;
  };
  const sizes = { readers: readers.ids.length, books: books.ids.length };
  return { reader: joined('reader'), book: joined('book'), ...sizes };
}

/** Places of the books among the strongest directions of who met what (docs/model.md 3.15). */
export function metDirections({ readers, books, ...met }: Meetings): Directions {
  const value = new Float64Array(met.reader.length).fill(1);
  const matrix = enoughOf(buildRatingMatrix({ ...met, value }, readers, books));
  if (matrix.size === 0) return NO_DIRECTIONS;
  const random = seededRandom(SEED);
  const { book } = strongestDirections(matrix, matrix.value, {
    rank: DIRECTIONS,
    settled: SETTLED,
    random,
  });
  const place = sharedSingles(book.length);
  for (let from = 0; from < book.length; from += DIRECTIONS) {
    let square = 0;
    for (let a = from; a < from + DIRECTIONS; a++) square += book[a] * book[a];
    const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
    for (let a = from; a < from + DIRECTIONS; a++) place[a] = scale * book[a];
  }
  return { count: DIRECTIONS, place };
}
