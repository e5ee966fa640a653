import { z } from 'zod';
import type { InterestWeights } from '../model/interest/learn-interest.ts';
import type { LevelMap } from '../model/level-map.ts';
import type { Columns, ColumnValue } from '../store/columns.ts';
import { levelMapColumns, levelMapFrom } from '../store/level-map-codec.ts';
import { corrupt } from '../store/store-error.ts';
import { packStart, type StartPoint, unpackStart } from './train/start-point.ts';
import type { SweepReport } from './train/trainer.ts';

/** What the first part of a training chooses for the rest of it. */
export interface Chosen {
  readonly levelMap: LevelMap;
  readonly interest: InterestWeights;
  /** Last report of the training proper. */
  readonly report: SweepReport;
  /** What later trainings can go on from. */
  readonly start: StartPoint;
}

const reportSchema = z.object({
  sweep: z.int(),
  of: z.int(),
  elbo: z.number(),
  noiseSd: z.number(),
  heldOutRmse: z.number().nullable(),
  effectiveRank: z.number(),
});

/** For a checkpoint. */
export function chosenColumns({
  levelMap,
  interest,
  report,
  start,
}: Chosen): Record<string, ColumnValue> {
  return {
    report: { ...report },
    exponent: interest.exponent,
    ...levelMapColumns(levelMap),
    interestMean: interest.weights.mean,
    interestCov: interest.weights.cov,
    interestCentre: interest.centre,
    start: packStart(start),
  };
}

/** Of a checkpoint within the part that chooses: how it began, and the last report. */
export function firstLegFrom(columns: Columns): { isWarm: boolean; report: SweepReport } {
  return {
    isWarm: z.boolean().parse(columns.json('isWarm')),
    report: reportSchema.parse(columns.json('report')),
  };
}

/** Reads it back; throws `STORE_CORRUPT`. */
export function chosenFrom(columns: Columns): Chosen {
  const doubles = (name: string): Float64Array => columns.array(name, Float64Array).slice();
  const number = (name: string): number => z.number().parse(columns.json(name));
  const start = unpackStart(columns.array('start', Uint8Array));
  if (start === null) throw corrupt('A checkpoint has a start point of another release');
  return {
    levelMap: levelMapFrom(columns),
    interest: {
      exponent: number('exponent'),
      weights: { mean: doubles('interestMean'), cov: doubles('interestCov') },
      centre: doubles('interestCentre'),
    },
    report: reportSchema.parse(columns.json('report')),
    start,
  };
}
