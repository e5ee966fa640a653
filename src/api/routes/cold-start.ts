import { z } from 'zod';
import {
  type ColdStartAnswer,
  coldStartAnswerSchema,
  coldStartBodySchema,
} from '../../contracts/http-fold-in.ts';
import { NOTHING_KNOWN, type Prediction } from '../../model/recommender.ts';
import { relevantFrom } from '../../model/relevant-from.ts';
import { freshJson } from '../answer.ts';
import { readerOf } from '../given-reader.ts';
import type { LiveVersion } from '../live-version.ts';
import { trained } from '../live-model.ts';
import { madeList } from '../made-list.ts';
import { route } from '../route.ts';

export const coldStart = route({
  method: 'POST',
  path: '/recommend/cold-start',
  scope: 'read',
  summary:
    'Books for somebody who has rated nothing, from favourites, country and age, or nothing at all',
  params: z.strictObject({}),
  query: z.strictObject({}),
  body: coldStartBodySchema,
  answers: {
    200: [{ description: 'The list', type: 'application/json', schema: coldStartAnswerSchema }],
  },
  problems: [413, 415, 503],
  handle: async ({ body, snapshot }, { metrics }) => {
    const version = trained(snapshot);
    const { liked, unknown } = likedBooks(version, body.books);
    const authors = await likedAuthors(version, body.authors);
    const reader = { ...readerOf(version, liked, body), byLiked: authors.books };
    const answer: ColdStartAnswer = {
      ...madeList(version, reader, body, metrics).fields,
      unknown_isbns: unknown,
      unknown_authors: authors.unknown,
    };
    return { ...freshJson(answer), source: 'fold_in' };
  },
});

/** A favourite counts as rated with what a reader of whom nothing is known gives it on average if they like it. */
function likedBooks(
  version: LiveVersion,
  isbns: readonly string[],
): { liked: Map<number, number>; unknown: string[] } {
  const books = isbns.map((isbn) => version.bookIndex(isbn));
  const unknown = isbns.filter((_, n) => books[n] === undefined);
  const known = Uint32Array.from(new Set(books.filter((book) => book !== undefined)));
  const { recommender } = version;
  const ratings = recommender
    .predict(NOTHING_KNOWN, known)
    .map((rating) => meanOfLiked(rating, recommender.levels));
  return {
    liked: new Map(Array.from(known, (book, n) => [book, ratings[n] ?? Number.NaN])),
    unknown,
  };
}

/** E[rating | the rating is one of a book that is liked]. */
function meanOfLiked({ levels: chance }: Prediction, levels: Float64Array): number {
  const from = relevantFrom(levels);
  let mass = 0;
  let sum = 0;
  for (const [l, level] of levels.entries()) {
    if (level < from) continue;
    mass += chance[l] ?? 0;
    sum += level * (chance[l] ?? 0);
  }
  // A book that nobody should like has no mean there.
  return mass > 1e-9 ? sum / mass : from;
}

async function likedAuthors(
  version: LiveVersion,
  names: readonly string[],
): Promise<{ books: Uint32Array; unknown: string[] }> {
  if (names.length === 0) return { books: new Uint32Array(), unknown: [] };
  const shelf = await version.shelf();
  const first = names.map((name) => shelf.booksBy(name)[0]);
  return {
    books: Uint32Array.from(new Set(first.filter((book) => book !== undefined))),
    unknown: names.filter((_, n) => first[n] === undefined),
  };
}
