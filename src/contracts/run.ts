import { z } from 'zod';
import { dataReportSchema } from './data-report.ts';
import { intervalSchema, metricsSchema } from './metrics.ts';

/** Where a run is while it trains. */
export const progressSchema = z.object({
  phase: z.enum(['ingest', 'train', 'evaluate', 'gate', 'refit', 'recommend', 'publish', 'done']),
  sweep: z.number().int(),
  of: z.number().int(),
  elbo: z.number().nullable(),
  heldOutRmse: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});

/** What the gate decided and why. */
export const decisionSchema = z.object({
  policy: z.enum(['if-not-worse', 'always', 'never']),
  publish: z.boolean(),
  reason: z.enum([
    'first-version',
    'not-worse',
    'worse',
    'not-comparable',
    'policy-always',
    'policy-never',
  ]),
  message: z.string(),
  comparedWith: z.string().nullable(),
  /** Held-out rows that both models predicted. */
  sharedRows: z.number().int(),
  /** RMSE of the new model minus that of the live one, on the same rows. */
  difference: intervalSchema.nullable(),
  margin: z.number(),
});

/** The story of one training, from start to end. */
export const runSchema = z.object({
  id: z.string(),
  state: z.enum(['running', 'succeeded', 'skipped', 'failed', 'cancelled']),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  contentHash: z.string().nullable(),
  version: z.string().nullable(),
  progress: progressSchema,
  /** What was read, repaired and set aside. */
  data: dataReportSchema.nullable(),
  metrics: metricsSchema.nullable(),
  decision: decisionSchema.nullable(),
  /** Seconds by phase. */
  seconds: z.record(z.string(), z.number()),
  peakMemoryMiB: z.number().nullable(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string() }).nullable(),
});

export type Progress = z.infer<typeof progressSchema>;
export type Decision = z.infer<typeof decisionSchema>;
export type RunRecord = z.infer<typeof runSchema>;
