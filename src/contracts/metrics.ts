import { z } from 'zod';

/** A difference with its 95 % interval by paired bootstrap. */
export const intervalSchema = z.object({
  value: z.number(),
  low: z.number(),
  high: z.number(),
});

/** Coverage of the central intervals, as fractions of the rows. */
export const coverageSchema = z.object({
  p50: z.number(),
  p80: z.number(),
  p90: z.number(),
  p95: z.number(),
});

/** Accuracy of one predictor on the held-out rows. */
export const accuracySchema = z.object({
  rmse: z.number(),
  mae: z.number(),
});

/** Ranking over the whole catalogue; definitions in docs/metrics.md. */
export const rankingSchema = z.object({
  /** Readers measured; where there are none, all figures are 0. */
  readers: z.number().int(),
  ndcg10: z.number(),
  recall20: z.number(),
  /** Mean reciprocal rank of the first relevant book of the top 20; 0 where there is none. */
  mrr: z.number(),
  catalogueCoverage: z.number(),
  novelty: z.number(),
});

/** One slice of the held-out rows, for example a quartile of the predicted spread. */
export const sliceSchema = z.object({
  name: z.string(),
  rows: z.number().int(),
  rmse: z.number(),
  coverage: coverageSchema,
  /** The same without the conformal repair; absent in reports of releases that did not measure it. */
  rawCoverage: coverageSchema.optional(),
});

/** What `evaluate` measures on the held-out rows. */
export const metricsSchema = z.object({
  split: z.string(),
  trainRows: z.number().int(),
  testRows: z.number().int(),
  model: accuracySchema.extend({
    /** Mean negative log probability of the observed level, nats. */
    dnll: z.number(),
    crps: z.number(),
    coverage: coverageSchema,
    /** Share of the ratings in each tenth of their predicted distribution; a level's mass counts evenly. Older versions lack it. */
    pit: z.array(z.number()).default([]),
    /** The same of intervals without the conformal repair; absent in reports of releases that did not measure it. */
    rawCoverage: coverageSchema.optional(),
    /** Mean width of the 95 % interval, rating units. */
    width95: z.number(),
    /** Of the default list, policy `balanced`. */
    ranking: rankingSchema,
    /** Of the other policies, which only an evaluation measures. */
    policies: z
      .object({
        rating: rankingSchema,
        interest: rankingSchema,
        cautious: rankingSchema,
        explore: rankingSchema,
      })
      .partial(),
  }),
  baselines: z.object({
    globalMean: accuracySchema,
    bias: accuracySchema,
    popularity: rankingSchema,
  }),
  /** Model minus baseline: errors paired over rows, below 0 is better; ranking over readers, above 0 is better. */
  differences: z.object({
    rmseVsGlobalMean: intervalSchema,
    rmseVsBias: intervalSchema,
    maeVsBias: intervalSchema,
    /** Null where no reader can be ranked for. */
    ndcg10VsPopularity: intervalSchema.nullable(),
    recall20VsPopularity: intervalSchema.nullable(),
  }),
  bySpread: z.array(sliceSchema),
  byReaderRatings: z.array(sliceSchema),
  byBookRatings: z.array(sliceSchema),
  /** By the training ratings of reader and book together, as the repair groups them; older versions lack it. */
  byActivity: z.array(sliceSchema).default([]),
});

export type Interval = z.infer<typeof intervalSchema>;
export type Coverage = z.infer<typeof coverageSchema>;
export type Accuracy = z.infer<typeof accuracySchema>;
export type Ranking = z.infer<typeof rankingSchema>;
export type Slice = z.infer<typeof sliceSchema>;
export type Metrics = z.infer<typeof metricsSchema>;
