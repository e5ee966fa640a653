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

/**
 * Places of the books among the strongest directions of who met what (docs/model.md 3.15), by the given rows of the ratings
 * and all interactions.
 */
export function metDirections(
  { ratings, interactions, readers, books }: Dataset,
  rows: Int32Array,
): Directions {
  const size = rows.length + interactions.reader.length;
  const met = {
    reader: new Int32Array(size),
    book: new Int32Array(size),
    value: new Float64Array(size).fill(1),
  };
  for (const side of ['reader', 'book'] as const) {
    met[side].set(rows.map((row) => ratings[side][row]));
    met[side].set(interactions[side], rows.length);
  }
  const matrix = enoughOf(buildRatingMatrix(met, readers.ids.length, books.ids.length));
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
