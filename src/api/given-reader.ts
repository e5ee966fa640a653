import type { ReaderInput } from '../model/recommender.ts';
import type { LiveVersion } from './live-version.ts';
import { type FieldError, InvalidRequest } from './problem.ts';

/** A rating as a client sends it. */
export interface GivenRating {
  readonly isbn: string;
  readonly rating: number;
}

/** What a client may say of a person. */
export interface GivenPerson {
  readonly country?: string | undefined;
  readonly state?: string | undefined;
  readonly age?: number | undefined;
}

/** Ratings by catalogue index, the last of two ratings of one book; and what the model does not know. */
export function ratingsOf(
  version: LiveVersion,
  given: readonly GivenRating[],
): { rated: Map<number, number>; unknown: string[] } {
  const rated = new Map<number, number>();
  const unknown: string[] = [];
  for (const { isbn, rating } of given) {
    const book = version.bookIndex(isbn);
    if (book === undefined) unknown.push(isbn);
    else rated.set(book, rating);
  }
  return { rated, unknown };
}

/** Throws `InvalidRequest` that names every rating off the scale; `pathOf` says where a rating stands. */
export function refuseOffScale(
  version: LiveVersion,
  given: readonly GivenRating[],
  pathOf: (place: number) => string,
): void {
  const levels = [...version.recommender.levels];
  const wrong = given.flatMap(({ rating }, place): FieldError[] =>
    levels.includes(rating)
      ? []
      : [{ path: pathOf(place), message: `Must be one of ${levels.join(', ')}` }],
  );
  if (wrong.length > 0) throw new InvalidRequest(wrong);
}

/** The reader of these ratings, who has told this of themselves. */
export function readerOf(
  version: LiveVersion,
  rated: ReadonlyMap<number, number>,
  { country, state, age }: GivenPerson,
): ReaderInput {
  const fields = {
    ...(country === undefined ? {} : { country }),
    ...(state === undefined ? {} : { state }),
    ...(age === undefined ? {} : { age: String(age) }),
  };
  return {
    labels: version.recommender.labelsOf(fields),
    ratedBook: Uint32Array.from(rated.keys()),
    ratedValue: [...rated.values()],
    unratedBook: new Uint32Array(),
  };
}
