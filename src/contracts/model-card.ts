import { z } from 'zod';
import { dataReportSchema } from './data-report.ts';
import { manifestSchema } from './manifest.ts';
import { startSchema } from './run.ts';

/** Name of the version's artefact with its model card. */
export const CARD_BLOB = 'card';

/** What people should know of a version before they rely on it; written when it is published. */
export const modelCardSchema = z.object({
  format: z.literal(1),
  /** What the version is, how it was made and what it measured. */
  version: manifestSchema,
  /** What was read, repaired and set aside; without examples, which may hold readers' ids. */
  data: dataReportSchema,
  /** Settings of the training that change what is learned or shown. */
  settings: z.record(z.string(), z.union([z.string(), z.number()])),
  start: startSchema.nullable(),
  /** What each signal counts for what readers pick up: log odds for one standard unit of it, with its standard deviation. */
  interest: z.array(z.object({ signal: z.string(), weight: z.number(), sd: z.number() })),
  /** Seconds by phase, of the phases before the publication. */
  seconds: z.record(z.string(), z.number()),
  /** Most memory by phase, MiB; cards of older releases lack it. */
  memoryMiB: z.record(z.string(), z.number()).default({}),
  peakMemoryMiB: z.number(),
  /** SVG documents. */
  charts: z.object({ calibration: z.string(), pit: z.string() }),
  /** What the model is known not to do well, one sentence each. */
  gaps: z.array(z.string()),
  /** The card as a text; it names its charts `calibration.svg` and `pit.svg`. */
  markdown: z.string(),
});

export type ModelCard = z.infer<typeof modelCardSchema>;
