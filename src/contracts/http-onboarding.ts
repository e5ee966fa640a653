import { z } from 'zod';
import { wholeNumberText } from './http.ts';
import { bookSummarySchema } from './http-books.ts';

/** Parameters and answer of the next question to somebody new. */

const MAX_BOOKS = 200;

/** Texts between commas. */
const listed = z
  .string()
  .max(8000)
  .default('')
  .transform((text) => text.split(',').filter((part) => part.trim() !== ''));

const ratingSchema = z
  .string()
  .regex(/^[^:]+:-?\d+(\.\d+)?$/, 'Must be ISBN:RATING, with commas between them')
  .transform((text) => {
    const at = text.lastIndexOf(':');
    return { isbn: text.slice(0, at), rating: Number(text.slice(at + 1)) };
  });

export const onboardingQuerySchema = z.strictObject({
  ratings: listed
    .pipe(z.array(ratingSchema).max(MAX_BOOKS))
    .describe('Ratings given so far: `ISBN:RATING` with commas between them'),
  skip: listed
    .pipe(z.array(z.string()).max(MAX_BOOKS))
    .describe('ISBNs of books that were asked for and are not known, with commas between them'),
  country: z.string().max(100).optional().describe('Country of the reader, such as `usa`'),
  state: z.string().max(100).optional().describe('State or province of the reader'),
  age: wholeNumberText(0, 150).optional().describe('Age in years'),
});

export const onboardingAnswerSchema = z.object({
  book: bookSummarySchema
    .nullable()
    .describe('The book to ask for; null when there is none left to ask for'),
  interest: z
    .number()
    .nullable()
    .describe('Chance that the reader picks it up: the weight of what it tells'),
  spread_before: z
    .number()
    .nullable()
    .describe(
      'Standard deviation of the ratings of the books that the reader may pick, noise left out: the root of the mean variance',
    ),
  spread_after: z.number().nullable().describe('The same once the answer is known'),
  model_version: z.string(),
});

export type OnboardingAnswer = z.infer<typeof onboardingAnswerSchema>;
