import { setImmediate } from 'node:timers/promises';
import type { LevelMap } from '../model/level-map.ts';
import { plainLevelMap } from '../model/level-map.ts';
import type { InterestWeights } from '../model/interest/learn-interest.ts';
import type { RatingModel, TrainedModel } from '../model/trained-model.ts';
import { levelIndices } from './evaluate/metrics.ts';
import type { Dataset } from './ingest/dataset.ts';
import { interestModelOf, learnInterest } from './interest.ts';
import { latentRows } from './recommend/predict-rows.ts';
import { readerInputs } from './recommend/reader-inputs.ts';
import { carryOver } from './train/carry-over.ts';
import { bookFamilies, readerFamilies, trainingData } from './train/features.ts';
import { fitLevelMap } from './train/fit-level-map.ts';
import { HeldOutRows } from './train/held-out-rows.ts';
import { lacksFactors } from './train/missing-factors.ts';
import type { ModelState, TrainingData } from './train/model-state.ts';
import { differences } from './train/start-fits.ts';
import {
  type StartNames,
  type StartPoint,
  startPointOf,
  type StartSettings,
} from './train/start-point.ts';
import { SweepPool, threadsFor } from './train/sweep-pool.ts';
import { continueTraining, train, type SweepReport, WARM } from './train/trainer.ts';
import { trainedModelOf } from './train/trained-model-of.ts';
import { warmState } from './train/warm-state.ts';
import { tuningSlice } from './tuning-slice.ts';

/** Sweeps that a trained state needs to take in more rows (docs/model.md 3.9). */
const REFIT_SWEEPS = 5;

/** What training needs to know. */
export interface LearnOptions extends StartSettings {
  readonly sweeps: number;
  /** What an older training has learned, to go on from where it fits. */
  readonly start?: Start | null;
  /** Threads to train with; 0, the default, takes one a core. They change no bit of the result. */
  readonly threads?: number;
  readonly signal: AbortSignal;
  /** Called after each sweep, with the seconds that it took. */
  readonly onSweep?: (report: SweepReport, seconds: number) => void | Promise<void>;
}

/** A trained model with the state that it can be trained on from. */
export interface Learned {
  readonly state: ModelState;
  readonly model: TrainedModel;
  readonly levelMap: LevelMap;
  readonly interest: InterestWeights;
  /** Last report of the training proper. */
  readonly report: SweepReport;
  /** What later trainings can go on from. */
  readonly start: StartPoint;
}

/** A start point, and what is told why training starts from nothing instead; it may throw to stop that. */
export interface Start {
  readonly point: StartPoint;
  readonly onMisfit: (reasons: readonly string[]) => void;
}

/**
 * Learns from the given rows alone: trains on 92 % of them, chooses on the rest (effect variances, level map with its
 * conformal tables, factors to keep, weights of the interest), then takes in the rest.
 */
export async function learn(
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Learned> {
  return withPool(options, rows, (pool) => learnIn(pool, dataset, rows, options));
}

async function learnIn(
  pool: SweepPool,
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Learned> {
  const { tuning, rest } = tuningSlice(dataset, rows, options.seed);
  const heldOut = new HeldOutRows(dataset.ratings, tuning, dataset.readers.ids.length);
  const data = trainingData(dataset, rest);
  const names = startNames(dataset, rest);
  const warm = warmStart(pool, data, names, options);
  const sweeps =
    warm === null
      ? train(data, options, heldOut, pool)
      : continueTraining(warm, options.sweeps, heldOut, pool, WARM);
  const first = await drain(sweeps, options);
  const point = startPointOf(first.state, options, names);
  const plain = modelOf(first.state, dataset, rest, plainLevelMap(dataset.levels));
  const unseen = latentRows(plain, readerInputs(dataset, rest), dataset, tuning);
  const value = Float64Array.from(tuning, (row) => dataset.ratings.value[row] ?? Number.NaN);
  const levelMap = fitLevelMap(dataset.levels, {
    level: levelIndices(value, dataset.levels),
    ...unseen,
  });
  const interest = learnInterest(plain, dataset, { rest, hidden: tuning }, options.seed);
  const from = { state: first.state, levelMap, interest };
  const learned = await refitIn(pool, from, dataset, rows, options);
  return { ...learned, report: first.report, start: point };
}

/** The state at the given start point, or null where there is none or it does not fit. */
function warmStart(
  pool: SweepPool,
  data: TrainingData,
  names: StartNames,
  { start = null, ...options }: LearnOptions,
): ModelState | null {
  if (start === null) return null;
  const misfits = differences(start.point, options, data, names);
  const warm = misfits.length > 0 ? null : warmState(start.point, data, names);
  if (warm !== null) {
    if (!lacksFactors(warm, options, pool)) return warm;
    misfits.push('factors stand out now that it does not have');
  }
  start.onMisfit(misfits);
  return null;
}

function startNames(dataset: Dataset, rows: Int32Array): StartNames {
  return {
    levels: dataset.levels,
    bookIds: dataset.books.ids,
    readerFamilies: readerFamilies(dataset, rows),
    bookFamilies: bookFamilies(dataset, rows),
  };
}

/** What a refit goes on from, and what it gives. */
type Trained = Pick<Learned, 'state' | 'levelMap' | 'interest'>;
type Refitted = Trained & Pick<Learned, 'model'>;

/** Goes on from a trained state on other rows of the same data. */
export async function refit(
  from: Trained,
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Refitted> {
  return withPool(options, rows, (pool) => refitIn(pool, from, dataset, rows, options));
}

async function refitIn(
  pool: SweepPool,
  from: Trained,
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Refitted> {
  const factors = Array.from({ length: from.state.dim - 1 }, (_, k) => k + 1);
  const start = carryOver(from.state, trainingData(dataset, rows), factors);
  const { state } = await drain(
    continueTraining(start, Math.min(REFIT_SWEEPS, options.sweeps), HeldOutRows.none, pool),
    options,
  );
  const { levelMap, interest } = from;
  const rating = modelOf(state, dataset, rows, levelMap);
  const model = { ...rating, interest: interestModelOf(interest, rating, dataset, rows) };
  return { state, levelMap, interest, model };
}

/** Runs a training with its threads, which end with it however it ends. */
async function withPool<T>(
  { threads = 0 }: LearnOptions,
  rows: Int32Array,
  training: (pool: SweepPool) => Promise<T>,
): Promise<T> {
  const pool = new SweepPool(threadsFor(threads, rows.length));
  try {
    return await training(pool);
  } finally {
    await pool.close();
  }
}

function modelOf(
  state: ModelState,
  dataset: Dataset,
  rows: Int32Array,
  levelMap: LevelMap,
): RatingModel {
  return trainedModelOf(state, readerFamilies(dataset, rows), dataset.books.listed, levelMap);
}

async function drain(
  sweeps: Generator<SweepReport, ModelState>,
  { onSweep, signal }: LearnOptions,
): Promise<{ state: ModelState; report: SweepReport }> {
  let last: SweepReport | null = null;
  for (;;) {
    const start = performance.now();
    const step = sweeps.next();
    if (step.done === true) {
      if (last === null) throw new RangeError('training made no sweep');
      return { state: step.value, report: last };
    }
    last = step.value;
    await onSweep?.(last, Math.round(performance.now() - start) / 1000);
    await breathe(signal);
  }
}

/** Lets timers and signals in between two sweeps. */
async function breathe(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}
