import { z } from 'zod';
import { dataReportSchema } from './data-report.ts';
import { intervalSchema, type Metrics, metricsSchema } from './metrics.ts';

/** Where a run is while it trains. */
export const progressSchema = z.object({
  phase: z.enum(['ingest', 'train', 'evaluate', 'gate', 'refit', 'recommend', 'publish', 'done']),
  sweep: z.number().int(),
  of: z.number().int(),
  elbo: z.number().nullable(),
  heldOutRmse: z.number().nullable(),
  secondsLeft: z.number().nullable(),
});

const reasonSchema = z.enum([
  'first-version',
  'not-worse',
  'worse',
  'not-comparable',
  'below-baseline',
  'policy-always',
  'policy-never',
]);

/** What the gate decided and why. */
export const decisionSchema = z.object({
  policy: z.enum(['if-not-worse', 'always', 'never']),
  publish: z.boolean(),
  reason: reasonSchema,
  message: z.string(),
  comparedWith: z.string().nullable(),
  /** Held-out rows that both models predicted. */
  sharedRows: z.number().int(),
  /** RMSE of the new model minus that of the live one, on the same rows. */
  difference: intervalSchema.nullable(),
  margin: z.number(),
});

/** `lost`: it was running and fell silent, so the store gives it. */
const stateSchema = z.enum(['running', 'succeeded', 'skipped', 'failed', 'cancelled', 'lost']);
const errorSchema = z.object({ code: z.string(), message: z.string(), hint: z.string() });

/** What computed a training, and why that. */
export const backendSchema = z.object({ used: z.enum(['cpu', 'gpu']), reason: z.string() });

/** Where a training started. */
export const startSchema = z.object({
  /** The version that it went on from; null for a start from nothing. */
  version: z.string().nullable(),
  reason: z.string(),
});

/** The few figures of a model that stand for it. */
export const figuresSchema = z.object({
  /** Null before it is published. */
  version: z.string().nullable(),
  rmse: z.number(),
  mae: z.number(),
  ndcg10: z.number(),
  /** Share of held-out ratings within the 95 % interval. */
  coverage95: z.number(),
  effectiveRank: z.number(),
});

/** The story of one training, from start to end. */
export const runSchema = z.object({
  id: z.string(),
  state: stateSchema,
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime().nullable(),
  contentHash: z.string().nullable(),
  version: z.string().nullable(),
  progress: progressSchema,
  /** What was read, repaired and set aside. */
  data: dataReportSchema.nullable(),
  backend: backendSchema.nullable().default(null),
  start: startSchema.nullable().default(null),
  /** Where it went on, after an earlier try of the same training that was stopped. */
  resumedAt: z.string().nullable().default(null),
  metrics: metricsSchema.nullable(),
  /** Effective number of factors of the measured model. */
  effectiveRank: z.number().nullable().default(null),
  /** The version that was live when the gate decided. */
  live: figuresSchema.nullable().default(null),
  decision: decisionSchema.nullable(),
  /** Seconds by phase. */
  seconds: z.record(z.string(), z.number()),
  /** Most memory by phase, MiB; records of older releases lack it. */
  memoryMiB: z.record(z.string(), z.number()).default({}),
  peakMemoryMiB: z.number().nullable(),
  /** What went wrong without stopping the run. */
  warnings: z.array(z.string()).default([]),
  error: errorSchema.nullable(),
});

/** The last word of a training, as its container leaves it in 4096 bytes. */
export const summarySchema = z.object({
  id: z.string(),
  state: stateSchema,
  version: z.string().nullable(),
  published: z.boolean(),
  /** The gate's decision in short. */
  reason: reasonSchema.optional(),
  message: z.string().optional(),
  ...figuresSchema.omit({ version: true }).partial().shape,
  live: figuresSchema.nullable(),
  backend: backendSchema.nullable(),
  progress: progressSchema,
  seconds: z.record(z.string(), z.number()),
  peakMemoryMiB: z.number().nullable(),
  error: errorSchema.nullable(),
});

export type Progress = z.infer<typeof progressSchema>;
export type Decision = z.infer<typeof decisionSchema>;
export type Figures = z.infer<typeof figuresSchema>;
export type Backend = z.infer<typeof backendSchema>;
export type Summary = z.infer<typeof summarySchema>;
export type RunRecord = z.infer<typeof runSchema>;

/** The figures that stand for a model. */
export function figuresOf({ model }: Metrics, effectiveRank: number): Omit<Figures, 'version'> {
  return {
    rmse: model.rmse,
    mae: model.mae,
    ndcg10: model.ranking.ndcg10,
    coverage95: model.coverage.p95,
    effectiveRank,
  };
}
