import type { RatingMatrix } from '../../model/rating-matrix.ts';
import { AppError } from '../../runtime/errors.ts';

/** Throws `MODEL_INPUT` naming the first rating that is not a finite number, or that there is none at all. */
export function checkRatings({ value, reader, book, size }: RatingMatrix): void {
  if (size === 0) {
    throw new AppError('MODEL_INPUT', 'there are no ratings to learn from', 'Check the filters.');
  }
  // a call for each of millions of ratings would cost seconds
  let bad = 0;
  while (bad < size && Number.isFinite(value[bad])) bad++;
  if (bad === size) return;
  throw new AppError(
    'MODEL_INPUT',
    `rating ${value[bad]} in row ${bad} of the training matrix (reader ${reader[bad]}, book ${book[bad]}) is not finite`,
    'Check the ratings of that reader in the data.',
  );
}
