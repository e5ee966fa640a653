import { z } from 'zod';
import { DEFAULT_TOP_K, listFields, MAX_TOP_K, wholeNumber } from './http.ts';
import { POLICIES } from './policies.ts';

/** Bodies of the routes that answer somebody who is not stored. */

/** Most entries that a fold-in computes. */
export const MAX_FOLD_IN_LIST = 1000;
/** Ratings beyond which it is not told how much each of them said. */
export const MAX_NARROWED = 50;
const MAX_FOLD_IN_RATINGS = 1000;
const MAX_FAVOURITES = 100;

const isbn = z.string().min(1).max(64).describe('ISBN-10 or ISBN-13, hyphens allowed');

/** What may be known of a person. */
const personFields = {
  country: z.string().max(100).optional().describe('Country of the reader, such as `usa`'),
  state: z.string().max(100).optional().describe('State or province of the reader'),
  age: wholeNumber(0, 150).optional().describe('Age in years'),
};

/** How a list is made. */
const choiceFields = {
  top_k: wholeNumber(1, MAX_TOP_K)
    .default(DEFAULT_TOP_K)
    .describe(`How many books; ${String(MAX_FOLD_IN_LIST)} at most are listed`),
  policy: z
    .enum(POLICIES)
    .default('balanced')
    .describe(
      'Order of the list: expected rating, interest, the product of interest and the chance to be liked, the lower end of the rating, or a draw of both',
    ),
  seed: wholeNumber(0, 2 ** 32 - 1)
    .optional()
    .describe('Seed of the draw of policy `explore`; drawn and told where it is not given'),
  max_per_author: wholeNumber(1, 10)
    .default(4)
    .describe('Most books of one author in ten places; 10 for no limit'),
};

export const foldInBodySchema = z.strictObject({
  ratings: z
    .array(
      z.strictObject({
        isbn,
        rating: z.number().describe('A level of the rating scale (`GET /stats`)'),
      }),
    )
    .max(MAX_FOLD_IN_RATINGS)
    .default([]),
  ...personFields,
  ...choiceFields,
  explain: z
    .boolean()
    .default(false)
    .describe('Whether to say which of the ratings a prediction comes from'),
});

export const coldStartBodySchema = z.strictObject({
  ...personFields,
  authors: z
    .array(z.string().min(1).max(200))
    .max(MAX_FAVOURITES)
    .default([])
    .describe(
      'Authors whom the reader likes, as their books name them; case and accents do not matter',
    ),
  books: z.array(isbn).max(MAX_FAVOURITES).default([]).describe('Books that the reader likes'),
  ...choiceFields,
});

const madeFields = {
  ...listFields,
  policy: z.enum(POLICIES),
  seed: z.number().int().optional().describe('Seed of the draw; present for policy `explore`'),
  unknown_isbns: z.array(z.string()).describe('ISBNs sent that the model does not know'),
};

const narrowedSchema = z.object({
  isbn: z.string(),
  rating: z.number(),
  spread_before: z
    .number()
    .describe(
      'Mean width of the 95 % intervals of the listed books with the ratings before this one',
    ),
  spread_after: z.number().describe('The same with this rating too'),
});

export const foldInAnswerSchema = z.object({
  ...madeFields,
  narrowed: z
    .array(narrowedSchema)
    .optional()
    .describe(
      `What each rating that counts did to the intervals, in the order given; left out for more than ${String(MAX_NARROWED)} ratings`,
    ),
});

export const coldStartAnswerSchema = z.object({
  ...madeFields,
  unknown_authors: z.array(z.string()).describe('Authors sent of whom no book is listed'),
});

export type FoldInBody = z.infer<typeof foldInBodySchema>;
export type FoldInAnswer = z.infer<typeof foldInAnswerSchema>;
export type ColdStartBody = z.infer<typeof coldStartBodySchema>;
export type ColdStartAnswer = z.infer<typeof coldStartAnswerSchema>;
