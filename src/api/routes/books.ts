import { z } from 'zod';
import {
  bookAnswerSchema,
  bookParamsSchema,
  type BooksAnswer,
  booksAnswerSchema,
  booksQuerySchema,
  type SearchAnswer,
  searchAnswerSchema,
  searchBodySchema,
  searchQuerySchema,
  type SimilarAnswer,
  similarAnswerSchema,
  similarQuerySchema,
} from '../../contracts/http-books.ts';
import type { SimilarBook } from '../../model/interest/similar.ts';
import { AppError } from '../../runtime/errors.ts';
import { cacheableJson, etagMatches, etagOf, freshJson, notModified } from '../answer.ts';
import { bookOf, summaryOf } from '../book-entry.ts';
import { cursorOf, placeOf, versionAt } from '../cursor.ts';
import { trained } from '../live-model.ts';
import type { LiveVersion } from '../live-version.ts';
import { InvalidRequest } from '../problem.ts';
import { round } from '../round.ts';
import { type AnswerKind, route } from '../route.ts';

const NOTHING = z.strictObject({});
const UNCHANGED: readonly AnswerKind[] = [
  { description: 'The ETag of If-None-Match still holds', type: '' },
];

export const books = route({
  method: 'GET',
  path: '/books',
  scope: 'read',
  summary: 'Books of the catalogue in an order, a page at a time',
  params: NOTHING,
  query: booksQuerySchema,
  body: null,
  answers: {
    200: [{ description: 'One page', type: 'application/json', schema: booksAnswerSchema }],
    304: UNCHANGED,
  },
  problems: [410, 503],
  handle: async ({ query, headers, snapshot }, { live }) => {
    const { sort, limit, cursor } = query;
    const place = placeOf(cursor, sort);
    const version = await versionAt(place, snapshot, live);
    const from = place?.count ?? 0;
    const etag = etagOf('books', version.id, sort, String(limit), String(from));
    if (etagMatches(headers['if-none-match'], etag)) return notModified(etag);
    const shelf = await version.shelf();
    const order = shelf.order(sort);
    if (order === null) throw cannotSort(version);
    const end = from + limit;
    const body: BooksAnswer = {
      books: Array.from(order.subarray(from, end), (book) => summaryOf(version, shelf, book)),
      total: order.length,
      next:
        end < order.length
          ? cursorOf({ version: version.id, revision: 0, count: end }, sort)
          : null,
      model_version: version.id,
    };
    return cacheableJson(body, etag);
  },
});

function cannotSort({ counts }: LiveVersion): InvalidRequest {
  const message =
    counts === null
      ? 'The live version was made without counts of ratings; the next training makes them'
      : 'The data carry no times of ratings, so that nothing is known to trend';
  return new InvalidRequest([{ path: 'sort', message }]);
}

export const book = route({
  method: 'GET',
  path: '/books/{isbn}',
  scope: 'read',
  summary: 'One book: its ratings, and what the model expects and how sure it is',
  params: bookParamsSchema,
  query: NOTHING,
  body: null,
  answers: {
    200: [{ description: 'The book', type: 'application/json', schema: bookAnswerSchema }],
    304: UNCHANGED,
  },
  problems: [404, 503],
  handle: async ({ params, headers, snapshot }) => {
    const version = trained(snapshot);
    const index = knownBook(version, params.isbn);
    const etag = etagOf('book', version.id, String(index));
    if (etagMatches(headers['if-none-match'], etag)) return notModified(etag);
    return cacheableJson(bookOf(version, await version.shelf(), index), etag);
  },
});

export const similar = route({
  method: 'GET',
  path: '/books/{isbn}/similar',
  scope: 'read',
  summary: 'Books that readers of a book have met too, surest first',
  params: bookParamsSchema,
  query: similarQuerySchema,
  body: null,
  answers: {
    200: [{ description: 'The books', type: 'application/json', schema: similarAnswerSchema }],
    304: UNCHANGED,
  },
  problems: [404, 503],
  handle: async ({ params, query, headers, snapshot }) => {
    const version = trained(snapshot);
    const index = knownBook(version, params.isbn);
    const etag = etagOf('similar', version.id, String(index), String(query.limit));
    if (etagMatches(headers['if-none-match'], etag)) return notModified(etag);
    const shelf = await version.shelf();
    const body: SimilarAnswer = {
      isbn: version.catalogue.ids[index] ?? '',
      books: neighbours(version, index, query.limit).map((other) => ({
        ...summaryOf(version, shelf, other.book),
        readers_in_common: other.common,
        similarity: round(other.similarity),
        confidence_interval: [round(other.low), round(other.high)],
      })),
      model_version: version.id,
    };
    return cacheableJson(body, etag);
  },
});

function neighbours({ recommender }: LiveVersion, book: number, limit: number): SimilarBook[] {
  const found = recommender.similar(book, limit);
  if (found !== null) return found;
  throw new AppError(
    'NOT_FOUND',
    'The live version was made without counts of readers in common.',
    'The next training makes them.',
  );
}

/** Catalogue index of a book; throws `NOT_FOUND`. */
function knownBook(version: LiveVersion, isbn: string): number {
  const index = version.bookIndex(isbn);
  if (index !== undefined) return index;
  throw new AppError(
    'NOT_FOUND',
    'The model knows no book of this ISBN.',
    'Look for it with GET /books/search?q=.',
  );
}

export const searchBooks = route({
  method: 'GET',
  path: '/books/search',
  scope: 'read',
  summary: 'Books by title, author or ISBN, with typing errors and as one types',
  params: NOTHING,
  query: searchQuerySchema,
  body: null,
  answers: {
    200: [{ description: 'Books found', type: 'application/json', schema: searchAnswerSchema }],
    304: UNCHANGED,
  },
  problems: [503],
  handle: async ({ query, headers, snapshot }) => {
    const version = trained(snapshot);
    const etag = etagOf('search', version.id, query.q, String(query.limit));
    if (etagMatches(headers['if-none-match'], etag)) return notModified(etag);
    return cacheableJson(await found(version, query.q, query.limit), etag);
  },
});

export const searchBooksByBody = route({
  method: 'POST',
  path: '/books/search',
  scope: 'read',
  summary: 'The same search with the question in the body, which logs and caches do not keep',
  params: NOTHING,
  query: NOTHING,
  body: searchBodySchema,
  answers: {
    200: [{ description: 'Books found', type: 'application/json', schema: searchAnswerSchema }],
  },
  problems: [413, 415, 503],
  handle: async ({ body, snapshot }) =>
    freshJson(await found(trained(snapshot), body.q, body.limit)),
});

async function found(version: LiveVersion, q: string, limit: number): Promise<SearchAnswer> {
  const shelf = await version.shelf();
  const named = version.bookIndex(q);
  const isListed = named !== undefined && version.catalogue.listed[named] === 1;
  const hits = new Set([...(isListed ? [named] : []), ...shelf.search.find(q, limit)]);
  return {
    q,
    books: [...hits].slice(0, limit).map((hit) => summaryOf(version, shelf, hit)),
    model_version: version.id,
  };
}
