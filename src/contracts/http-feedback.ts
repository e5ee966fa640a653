import { z } from 'zod';

/** Bodies of feedback and of erasure. */

/** Most ratings of one request: what is looked up for each must not hold up the others. */
const MAX_RATINGS = 200;

export const feedbackBodySchema = z.strictObject({
  ratings: z
    .array(
      z.strictObject({
        user_id: z
          .string()
          .min(1)
          .max(400)
          .refine((id) => id.isWellFormed(), 'Must be valid Unicode')
          .describe('Id of the reader; one whom the data do not know becomes known'),
        isbn: z
          .string()
          .min(1)
          .max(64)
          .describe('A book of the model, in any spelling of its ISBN'),
        rating: z.number().describe('A level of the rating scale (`GET /stats`)'),
      }),
    )
    .min(1)
    .max(MAX_RATINGS),
});

export const feedbackAnswerSchema = z.object({
  taken: z.number().int().describe('Ratings that are stored'),
  revision: z.number().int().describe('Number of this change; it rises with every change'),
});

export const eraseAnswerSchema = z.object({
  user_id: z.string(),
  erased_at: z.string().describe('Time of the erasure'),
  revision: z
    .number()
    .int()
    .describe('Number of this change; trainings that read it have left the reader out'),
  feedback: z.number().int().describe('Ratings given as feedback that were deleted'),
  versions: z
    .array(z.string())
    .describe('Versions of the model whose list and ratings of the reader were deleted'),
});

export type FeedbackBody = z.infer<typeof feedbackBodySchema>;
export type FeedbackAnswer = z.infer<typeof feedbackAnswerSchema>;
export type EraseAnswer = z.infer<typeof eraseAnswerSchema>;
