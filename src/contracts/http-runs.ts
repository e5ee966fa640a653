import { z } from 'zod';
import { dataReportSchema, findingSchema } from './data-report.ts';
import { metricsSchema } from './metrics.ts';
import { backendSchema, decisionSchema, progressSchema, runSchema } from './run.ts';

/** Bodies and parameters of `GET /runs` and `GET /runs/{run_id}`. */

const MAX_PAGE = 100;
const LIMIT = `Must be a whole number from 1 to ${MAX_PAGE}`;
const MAX_ID = 128;

const runIdSchema = z.string().min(1).max(MAX_ID);

export const runParamsSchema = z.strictObject({
  run_id: runIdSchema.describe('Id of the run, as `GET /runs` lists it'),
});

export const runsQuerySchema = z.strictObject({
  limit: z.coerce
    .number(LIMIT)
    .int(LIMIT)
    .min(1, LIMIT)
    .max(MAX_PAGE, LIMIT)
    .default(20)
    .describe('Runs a page'),
  after: runIdSchema
    .optional()
    .describe('Last id of the page before, that is, the `next` of its answer'),
});

const { state, error, seconds, memoryMiB } = runSchema.shape;
const { phase, sweep, of, elbo } = progressSchema.shape;

/** What a page of runs tells of each. */
export const runInListSchema = z.object({
  id: z.string(),
  state: state.describe('`lost`: it was running and has not been heard of for 10 minutes'),
  started_at: z.iso.datetime(),
  updated_at: z.iso.datetime().describe('Last sign of life'),
  finished_at: z.iso.datetime().nullable(),
  model_version: z.string().nullable().describe('What it published, null if it did not'),
  progress: z.object({
    phase,
    sweep,
    of: of.describe('Most sweeps that there can be, in all phases'),
    elbo,
    held_out_rmse: z.number().nullable(),
    seconds_left: z.number().nullable().describe('Estimate for all sweeps, then for the lists'),
  }),
  error: error.describe('What ended it, null if nothing did'),
});

export const runsAnswerSchema = z.object({
  runs: z.array(runInListSchema).describe('Newest first'),
  next: z.string().nullable().describe('Give it as `after` for the next page; null at the end'),
});

export const runAnswerSchema = z.object({
  ...runInListSchema.shape,
  seconds: seconds.describe('Seconds by phase, ended phases only'),
  memory_mib: memoryMiB.unwrap().describe('Most memory by phase, ended phases only'),
  peak_memory_mib: z.number().nullable(),
  backend: backendSchema.nullable().describe('What computed, and why that'),
  data: z
    .object({
      format: z.string(),
      counts: dataReportSchema.shape.counts,
      findings: z.array(findingSchema.omit({ examples: true })),
    })
    .nullable()
    .describe('What was read; without examples, which are rows of readers'),
  decision: decisionSchema.nullable().describe('What the gate decided and why'),
  metrics: metricsSchema.nullable().describe('Held-out figures as the evaluation stored them'),
  warnings: z.array(z.string()).describe('What went wrong without stopping it'),
});

export type RunInList = z.infer<typeof runInListSchema>;
export type RunsAnswer = z.infer<typeof runsAnswerSchema>;
export type RunAnswer = z.infer<typeof runAnswerSchema>;
