import { setImmediate } from 'node:timers/promises';
import type { LevelMap } from '../model/level-map.ts';
import { plainLevelMap } from '../model/level-map.ts';
import { seededRandom } from '../model/random.ts';
import type { InterestWeights } from '../model/interest/learn-interest.ts';
import type { RatingModel, TrainedModel } from '../model/trained-model.ts';
import { levelIndices } from './evaluate/metrics.ts';
import type { Dataset } from './ingest/dataset.ts';
import { interestModelOf, learnInterest } from './interest.ts';
import { latentRows } from './recommend/predict-rows.ts';
import { readerInputs } from './recommend/reader-inputs.ts';
import { carryOver } from './train/carry-over.ts';
import { readerFamilies, trainingData } from './train/features.ts';
import { fitLevelMap } from './train/fit-level-map.ts';
import { HeldOutRows } from './train/held-out-rows.ts';
import type { ModelState } from './train/model-state.ts';
import { SweepPool, threadsFor } from './train/sweep-pool.ts';
import { continueTraining, train, type SweepReport } from './train/trainer.ts';
import { trainedModelOf } from './train/trained-model-of.ts';

/** Share of the training rows that chooses variances, level map and end of training. */
const TUNING_SHARE = 0.08;
/** Sweeps that a trained state needs to take in more rows (docs/model.md 3.9). */
const REFIT_SWEEPS = 5;

/** What training needs to know. */
export interface LearnOptions {
  readonly rank: number;
  readonly sweeps: number;
  readonly seed: number;
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
  const { tuning, rest } = tuningSlice(rows, options.seed);
  const heldOut = new HeldOutRows(dataset.ratings, tuning, dataset.readers.ids.length);
  const sweeps = train(trainingData(dataset, rest), options, heldOut, pool);
  const first = await drain(sweeps, options);
  const plain = modelOf(first.state, dataset, rest, plainLevelMap(dataset.levels));
  const unseen = latentRows(plain, readerInputs(dataset, rest), dataset, tuning);
  const value = Float64Array.from(tuning, (row) => dataset.ratings.value[row] ?? Number.NaN);
  const levelMap = fitLevelMap(dataset.levels, {
    level: levelIndices(value, dataset.levels),
    ...unseen,
  });
  const interest = learnInterest(plain, dataset, { rest, hidden: tuning }, options.seed);
  const start = { state: first.state, levelMap, interest };
  const learned = await refitIn(pool, start, dataset, rows, options);
  return { ...learned, report: first.report };
}

/** What a training starts from. */
type Start = Pick<Learned, 'state' | 'levelMap' | 'interest'>;

/** Goes on from a trained state on other rows of the same data. */
export async function refit(
  from: Start,
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Omit<Learned, 'report'>> {
  return withPool(options, rows, (pool) => refitIn(pool, from, dataset, rows, options));
}

async function refitIn(
  pool: SweepPool,
  from: Start,
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Omit<Learned, 'report'>> {
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

/** Every row is in the slice with the same chance; the same seed and rows give the same slice. */
function tuningSlice(rows: Int32Array, seed: number): { tuning: Int32Array; rest: Int32Array } {
  const random = seededRandom(seed);
  const chosen = Uint8Array.from(rows, () => (random() < TUNING_SHARE ? 1 : 0));
  return {
    tuning: rows.filter((_, n) => chosen[n] === 1),
    rest: rows.filter((_, n) => chosen[n] === 0),
  };
}
