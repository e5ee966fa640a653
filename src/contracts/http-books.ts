import { z } from 'zod';

/** Bodies and parameters of the catalogue's routes. */

/** Most books on one page. */
const MAX_PAGE = 100;
const DEFAULT_PAGE = 20;
/** Most books that a search answers with. */
export const MAX_FOUND = 50;
const MAX_QUESTION = 200;

const countOf = (max: number): string => `Must be a whole number from 1 to ${String(max)}`;

const limitText = (max: number) =>
  z.coerce.number(countOf(max)).int(countOf(max)).min(1, countOf(max)).max(max, countOf(max));

/** Orders of the catalogue. */
export const bookSortSchema = z.enum([
  'title',
  'year',
  'ratings',
  'predicted',
  'lower_bound',
  'popular',
  'trending',
]);

export const booksQuerySchema = z.strictObject({
  sort: bookSortSchema
    .default('lower_bound')
    .describe(
      '`title` ascending, all others from the highest; `popular`: the books that together hold half of all ratings, ' +
        'by lower bound; `trending`: the same with recent ratings counting more, where the data carry times',
    ),
  limit: limitText(MAX_PAGE).default(DEFAULT_PAGE).describe('Books a page'),
  cursor: z
    .string()
    .max(500)
    .optional()
    .describe('The `next` of the page before; holds for one version of the model and one order'),
});

export const bookParamsSchema = z.strictObject({
  isbn: z
    .string()
    .min(1)
    .max(200)
    .describe('ISBN-10 or ISBN-13, hyphens allowed, or the data’s id'),
});

const question = z
  .string()
  .max(MAX_QUESTION, `Must have at most ${String(MAX_QUESTION)} characters`)
  .describe('Words of title or author, or an ISBN; the last word may be unfinished');

export const searchQuerySchema = z.strictObject({
  q: question,
  limit: limitText(MAX_FOUND).default(DEFAULT_PAGE).describe('How many books'),
});

export const searchBodySchema = z.strictObject({
  q: question,
  limit: z
    .number(countOf(MAX_FOUND))
    .int(countOf(MAX_FOUND))
    .min(1, countOf(MAX_FOUND))
    .max(MAX_FOUND, countOf(MAX_FOUND))
    .default(DEFAULT_PAGE)
    .describe('How many books'),
});

const intervalSchema = z.tuple([z.number(), z.number()]);

const summaryFields = {
  isbn: z.string(),
  title: z.string().describe('Empty for books without an entry in the catalogue'),
  author: z.string(),
  year: z.number().int().nullable().describe('Year of publication, null where unknown'),
  ratings: z
    .number()
    .int()
    .nullable()
    .describe('Ratings in the data; null for versions that were made without counts'),
  predicted_rating: z
    .number()
    .describe('Expected rating by a reader of whom nothing is known, on the scale'),
  lower_bound: z.number().describe('Lower end of `mean_interval`'),
};

export const bookSummarySchema = z.object(summaryFields);

export const booksAnswerSchema = z.object({
  books: z.array(bookSummarySchema),
  total: z.number().int().describe('Books over all pages'),
  next: z.string().nullable().describe('Give it as `cursor` for the next page; null at the end'),
  model_version: z.string(),
});

export const bookAnswerSchema = z.object({
  ...summaryFields,
  publisher: z.string(),
  listed: z.boolean().describe('Whether the book can be recommended'),
  rating_distribution: z
    .array(z.object({ rating: z.number(), count: z.number().int() }))
    .nullable()
    .describe('Ratings in the data by level; null for versions that were made without counts'),
  mean_interval: intervalSchema.describe(
    '95 % interval of the expected rating, from what the model does not know of the book',
  ),
  uncertainty: z.number().describe('Standard deviation of one rating, all causes together'),
  uncertainty_parts: z
    .object({ reader: z.number(), book: z.number(), noise: z.number() })
    .describe('Standard deviations by cause; the squares add up to the square of `uncertainty`'),
  confidence_interval: intervalSchema.describe('95 % interval of one rating'),
  links: z.record(z.string(), z.string()),
  model_version: z.string(),
});

export const similarQuerySchema = z.strictObject({
  limit: limitText(MAX_FOUND).default(10).describe('How many books'),
});

export const similarAnswerSchema = z.object({
  isbn: z.string(),
  books: z
    .array(
      z.object({
        ...summaryFields,
        readers_in_common: z.number().int().describe('Readers who met both'),
        similarity: z
          .number()
          .describe('Readers in common by the geometric mean of the readers of each, 0 to 1'),
        confidence_interval: intervalSchema.describe('95 % interval of `similarity`'),
      }),
    )
    .describe('By the lower end of the interval, so that a few readers make no close neighbour'),
  model_version: z.string(),
});

export const searchAnswerSchema = z.object({
  q: z.string(),
  books: z.array(bookSummarySchema).describe('Best first'),
  model_version: z.string(),
});

export type BookSort = z.infer<typeof bookSortSchema>;
export type BookSummary = z.infer<typeof bookSummarySchema>;
export type BooksAnswer = z.infer<typeof booksAnswerSchema>;
export type BookAnswer = z.infer<typeof bookAnswerSchema>;
export type SimilarAnswer = z.infer<typeof similarAnswerSchema>;
export type SearchAnswer = z.infer<typeof searchAnswerSchema>;
