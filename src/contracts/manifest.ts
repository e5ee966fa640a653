import { z } from 'zod';
import { metricsSchema } from './metrics.ts';

/** What is known of one published version; stored last, so that its presence means "complete". */
export const manifestSchema = z.object({
  /** Format of the stored records; a reader refuses one that it does not know. */
  format: z.literal(1),
  version: z.string(),
  createdAt: z.iso.datetime(),
  runId: z.string(),
  /** Hash of the data and settings that the version was trained from. */
  contentHash: z.string(),
  dataset: z.string(),
  counts: z.object({
    readers: z.number().int(),
    books: z.number().int(),
    listedBooks: z.number().int(),
    ratings: z.number().int(),
    interactions: z.number().int(),
  }),
  scale: z.object({ levels: z.array(z.number()).min(1) }),
  model: z.object({
    rank: z.number().int(),
    effectiveRank: z.number(),
    sweeps: z.number().int(),
    seed: z.number().int(),
    elbo: z.number(),
    noiseSd: z.number(),
  }),
  /** Length of the stored lists. */
  listLength: z.number().int(),
  policy: z.string(),
  metrics: metricsSchema,
  trainSeconds: z.number(),
  /** Number of the last change of feedback that the training read, in the store that it is in; none for an imported version. */
  feedback: z.number().int().optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;
