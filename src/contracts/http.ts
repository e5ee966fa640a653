import { z } from 'zod';
import { metricsSchema } from './metrics.ts';
import { POLICIES } from './policies.ts';

/** Bodies and parameters of the HTTP API. Field names are those that older clients read. */

export const DEFAULT_TOP_K = 10;
/** More than any catalogue has: a client may ask for all there is. */
export const MAX_TOP_K = 1_000_000;

/** What a whole number must be; one message for everything that can be wrong with it. */
const range = (min: number, max: number): string => `Must be a whole number from ${min} to ${max}`;

export const wholeNumber = (min: number, max: number) =>
  z
    .number(range(min, max))
    .int(range(min, max))
    .min(min, range(min, max))
    .max(max, range(min, max));

/** The same as text of a URL. */
export const wholeNumberText = (min: number, max: number) =>
  z.coerce
    .number(range(min, max))
    .int(range(min, max))
    .min(min, range(min, max))
    .max(max, range(min, max));

export const recommendParamsSchema = z.strictObject({
  user_id: z.string().min(1).describe('Id of the reader, URL-encoded; any string'),
});

export const MAX_EXCLUDED = 100;
const year = wholeNumberText(1, 9999).optional();

export const recommendQuerySchema = z.strictObject({
  top_k: wholeNumberText(1, MAX_TOP_K).default(DEFAULT_TOP_K).describe('How many books a page'),
  cursor: z
    .string()
    .max(500)
    .optional()
    .describe(
      'The `next` of the page before; holds as long as model, reader and options are the same',
    ),
  policy: z
    .enum(POLICIES)
    .optional()
    .describe('Order of the list, see `POST /recommend`; that of the training if it is left out'),
  seed: wholeNumberText(0, 2 ** 32 - 1)
    .default(1)
    .describe('Seed of the draw of policy `explore`'),
  max_per_author: wholeNumberText(1, 10)
    .optional()
    .describe('Most books of one author in ten places; 10 for no limit'),
  min_year: year.describe('Least year of publication; books of unknown year are left out'),
  max_year: year.describe('Greatest year of publication; books of unknown year are left out'),
  author: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('Books of this author alone; case and accents do not matter'),
  exclude: z
    .string()
    .max(3000)
    .transform((text) => text.split(',').filter((isbn) => isbn.trim() !== ''))
    .pipe(z.array(z.string()).max(MAX_EXCLUDED))
    .optional()
    .describe(`ISBNs of books to leave out, ${String(MAX_EXCLUDED)} at most, between commas`),
  explain: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Whether to say which ratings of the reader a prediction comes from'),
});

export const usersQuerySchema = z.strictObject({
  limit: wholeNumberText(1, 1000).default(100).describe('Readers a page'),
  after: z
    .string()
    .optional()
    .describe('Last id of the page before, that is, the `next` of its answer'),
});

/** Where a recommendation comes from. */
export const sourceSchema = z
  .enum(['personal', 'fold-in', 'prior'])
  .describe(
    '`personal`: from ratings that the training read; `fold-in`: ratings or favourites given since then, or with the request, count too; `prior`: none are known',
  );

export const recommendationSchema = z.object({
  rank: z.number().int().describe('1 for the best'),
  title: z.string(),
  author: z.string(),
  year: z.number().int().nullable().describe('Year of publication, null where unknown'),
  isbn: z.string(),
  predicted_rating: z.number().describe('Expected rating on the scale'),
  uncertainty: z.number().describe('Standard deviation of the rating, all causes together'),
  confidence_interval: z
    .tuple([z.number(), z.number()])
    .describe('95 % interval [low, high] of the rating; lies within the scale'),
  uncertainty_parts: z
    .object({ reader: z.number(), book: z.number(), noise: z.number() })
    .describe('Standard deviations by cause; the squares add up to the square of `uncertainty`'),
  interest: z
    .number()
    .describe('Chance that the reader picks the book up next, 0 to 1 (docs/model.md 3.13)'),
  signal: z
    .string()
    .describe(
      'What speaks loudest for the interest: `readers` who met the same books, a family of labels such as `author`, `popularity` or `rating`',
    ),
  source: sourceSchema,
  explanation: z
    .object({
      base: z.number().describe('What would be predicted had each rating been as expected'),
      because: z
        .array(
          z.object({
            isbn: z.string(),
            title: z.string(),
            rating: z.number(),
            share: z.number().describe('What the surprise in this rating adds'),
          }),
        )
        .describe('The ratings that add or take most'),
      others: z.number().describe('What all other ratings add'),
    })
    .optional()
    .describe(
      'Present with `explain`: `base`, the shares and `others` add up to `predicted_rating`',
    ),
});

export const listFields = {
  recommendations: z.array(recommendationSchema),
  total_available: z.number().int().describe('Books that could be listed for this reader'),
  source: sourceSchema,
  model_version: z.string(),
  note: z.string().optional().describe('Present when fewer books than asked for are listed'),
};

export const recommendAnswerSchema = z.object({
  user_id: z.string(),
  ...listFields,
  next: z
    .string()
    .nullable()
    .describe('Give it as `cursor` for the next page; null at the end of the list'),
  degraded: z
    .literal(true)
    .optional()
    .describe('Present while the store is away: the list is not the personal one'),
});

export const usersAnswerSchema = z.object({
  users: z.array(z.string()).describe('Ids of readers with a stored list, in bytewise order'),
  total: z.number().int().describe('Readers over all pages'),
  next: z.string().nullable().describe('Give it as `after` for the next page; null at the end'),
  model_version: z.string(),
});

export const statsAnswerSchema = z.object({
  total_users: z.number().int(),
  total_books: z.number().int(),
  listed_books: z.number().int().describe('Books with a title, which can be recommended'),
  total_ratings: z.number().int(),
  total_interactions: z.number().int().describe('Books met without a rating'),
  rating_scale: z.array(z.number()).describe('Levels of the scale, ascending'),
  recommendations_per_user: z.number().int().describe('Length of the stored lists'),
  dataset: z.string(),
  model_version: z.string(),
});

export const modelInfoAnswerSchema = z.object({
  model_version: z.string(),
  created_at: z.string(),
  run_id: z.string(),
  dataset: z.string(),
  content_hash: z.string(),
  policy: z.string().describe('How lists are ordered'),
  rank: z.number().int(),
  effective_rank: z.number(),
  sweeps: z.number().int(),
  seed: z.number().int(),
  elbo: z.number(),
  noise_sd: z.number(),
  train_seconds: z.number(),
  metrics: metricsSchema.describe('Held-out figures as the evaluation stored them'),
});

export const welcomeAnswerSchema = z.object({
  message: z.string(),
  version: z.string(),
  links: z.record(z.string(), z.string()),
});

const modelStateSchema = z
  .enum(['loaded', 'none'])
  .describe('`none`: no model has been published yet');

export const healthAnswerSchema = z.object({
  status: z
    .enum(['healthy', 'degraded', 'unhealthy'])
    .describe('`degraded`: a model is served from memory, the store is away'),
  store: z.object({
    connected: z.boolean(),
    address: z.string(),
    latency_ms: z.number().nullable(),
  }),
  model: z.object({ state: modelStateSchema, version: z.string().nullable() }),
});

export const livezAnswerSchema = z.object({ status: z.literal('alive') });

export const readyzAnswerSchema = z.object({
  status: z.enum(['ready', 'starting', 'stopping']),
  model: modelStateSchema,
  model_version: z.string().nullable(),
  degraded: z.boolean(),
});

/** Error body, RFC 9457, media type `application/problem+json`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string().describe('Code of the error registry, docs/errors.md'),
  instance: z.string().describe('Identifies this occurrence in the log'),
  errors: z
    .array(
      z.object({
        path: z.string().describe('Name of the parameter, or JSON pointer into the body'),
        message: z.string(),
      }),
    )
    .optional(),
});

export type Recommendation = z.infer<typeof recommendationSchema>;
export type RecommendQuery = z.output<typeof recommendQuerySchema>;
export type RecommendAnswer = z.infer<typeof recommendAnswerSchema>;
export type UsersAnswer = z.infer<typeof usersAnswerSchema>;
export type StatsAnswer = z.infer<typeof statsAnswerSchema>;
export type ModelInfoAnswer = z.infer<typeof modelInfoAnswerSchema>;
export type WelcomeAnswer = z.infer<typeof welcomeAnswerSchema>;
export type HealthAnswer = z.infer<typeof healthAnswerSchema>;
export type ReadyzAnswer = z.infer<typeof readyzAnswerSchema>;
export type Problem = z.infer<typeof problemSchema>;
