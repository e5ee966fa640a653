import { setImmediate as turn } from 'node:timers/promises';
import type { FeatureFamily } from '../model/data.ts';
import type { Directions } from '../model/directions.ts';
import type { InterestBasis } from '../model/interest/interest-model.ts';
import { type LevelMap, plainLevelMap, plainScale, type Scale } from '../model/level-map.ts';
import type { RatingModel, TrainedModel } from '../model/trained-model.ts';
import type { ColumnValue } from '../store/columns.ts';
import { type Chosen, chosenColumns, chosenFrom, firstLegFrom } from './chosen.ts';
import { levelIndices } from './evaluate/metrics.ts';
import type { Dataset } from './ingest/dataset.ts';
import { beside } from './in-thread.ts';
import { basisOf, drawInterest, interestModelOf, learnInterest } from './interest.ts';
import { roomIn } from './run-load.ts';
import { latentRows } from './recommend/predict-rows.ts';
import { readerInputs } from './recommend/reader-inputs.ts';
import { carryOver } from './train/carry-over.ts';
import { bookFamilies, directionsOf, readerFamilies, trainingData } from './train/features.ts';
import { fitLevelMap } from './train/fit-level-map.ts';
import { HeldOutRows } from './train/held-out-rows.ts';
import { normalScores, scoredRatings } from './train/normal-scores.ts';
import { lacksFactors } from './train/missing-factors.ts';
import type { ModelState, TrainingData } from './train/model-state.ts';
import { differences } from './train/start-fits.ts';
import {
  type StartNames,
  type StartPoint,
  startPointOf,
  type StartSettings,
} from './train/start-point.ts';
import type { Gpu } from './train/gpu/gpu.ts';
import { SweepPool, threadsFor } from './train/sweep-pool.ts';
import {
  COLD,
  firstState,
  type RoomFor,
  startPosition,
  sweepOn,
  type SweepReport,
  type TrainOptions,
  WARM,
} from './train/trainer.ts';
import { trainedModelOf } from './train/trained-model-of.ts';
import { warmState } from './train/warm-state.ts';
import { carriedBy, type Leg, NO_TRAIL, type Trail } from './trail.ts';
import { tuningSlice } from './tuning-slice.ts';

/** Sweeps that a trained state needs to take in more rows (docs/model.md 3.9). */
const REFIT_SWEEPS = 5;

/** What training needs to know. */
export interface LearnOptions extends StartSettings {
  readonly sweeps: number;
  /** What an older training has learned, to go on from where it fits. */
  readonly start?: Start | null;
  /** MiB that the training may use; what the container or the machine has by default. */
  readonly memoryBudget?: number | undefined;
  /** Where an earlier try was stopped, and what is left for a later one. */
  readonly trail?: Trail;
  /** Threads to train with; 0, the default, takes one a core. They change no bit of the result. */
  readonly threads?: number;
  /** What row steps are done on in place of the threads. */
  readonly gpu?: Gpu | null;
  readonly signal: AbortSignal;
  /** Refits that follow: one, which is measured, or with 2 another, which is published. */
  readonly refits?: 1 | 2;
  /** Called after each sweep, which is counted over all parts of the training, with the seconds that it took. */
  readonly onSweep?: (report: SweepReport, seconds: number) => void | Promise<void>;
}

/** A trained model with the state that it can be trained on from, and what was chosen on the way. */
export interface Learned {
  readonly chosen: Chosen;
  readonly state: ModelState;
  readonly model: TrainedModel;
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
  const { trail } = options;
  const from =
    trail?.leg === 'refit'
      ? { chosen: chosenFrom(carriedBy(trail)), state: null }
      : await chooseBeside(pool, dataset, rows, options);
  const carried = chosenColumns(from.chosen);
  return refitIn(pool, { leg: 'refit', ...from, carried }, dataset, rows, options);
}

/** What `choose` gives, to be refitted. */
type Choice = Pick<Learned, 'chosen' | 'state'> & { readonly prepared: Prepared };

/** Chooses while the directions of the next part are made, since it begins with what the caller does alone. */
async function chooseBeside(
  pool: SweepPool,
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Choice> {
  const [, choice] = await beside(
    (signal) => directionsOf(dataset, rows, { threads: pool.threads, signal }),
    (directions) => choose(pool, dataset, rows, directions, options),
    options.signal,
  );
  return choice;
}

/** Trains on the most of the rows, and chooses on the rest of them. Returns with it what the next part trains on: all of the rows. */
async function choose(
  pool: SweepPool,
  dataset: Dataset,
  rows: Int32Array,
  directions: Promise<Directions>,
  options: LearnOptions,
): Promise<Choice> {
  const { seed, links } = options;
  const { threads } = pool;
  const { tuning, rest } = tuningSlice(dataset, rows, seed);
  const scale = scaleOf(dataset, rest, options.fitTo);
  const { edges } = scale;
  const scored = withScores(dataset, scale);
  const names = startNames(dataset, rest, options);
  const first = trainingData(scored, rest, { edges, links });
  const roomFor = roomIn(dataset, first, options);
  roomFor(1);
  const [candidates, { state, report }] = await beside(
    (signal) => drawInterest(dataset, { rest, hidden: tuning }, seed, { threads, signal }),
    () => firstLeg(pool, scored, { data: first, names, tuning }, { ...options, roomFor }),
    options.signal,
  );
  const start = startPointOf(state, options, names);
  const plain = modelOf(state, plainLevelMap(scale), names.readerFamilies, dataset);
  const inputs = readerInputs(dataset, rest);
  const noiseFactor = state.readers.precision;
  const [[interest, basis], { levelMap, data }] = await beside(
    (signal) =>
      Promise.all([
        learnInterest({ candidates, model: plain, inputs, noiseFactor }, { threads, signal }),
        basisOf(dataset, rows, candidates.exponent, { threads, signal }),
      ]),
    async () => {
      const unseen = latentRows(plain, inputs, dataset, tuning);
      const levelMap = fitLevelMap(scale, { level: levelsOfRows(dataset, tuning), ...unseen });
      const made = { edges, links, directions: await directions };
      return { levelMap, data: trainingData(scored, rows, made) };
    },
    options.signal,
  );
  return { chosen: { levelMap, interest, report, start }, state, prepared: { data, basis } };
}

/** What the model is fitted to, as the levels of the given rows have it. */
function scaleOf(dataset: Dataset, rows: Int32Array, fitTo: StartSettings['fitTo']): Scale {
  const { levels } = dataset;
  if (fitTo === 'ratings') return plainScale(levels);
  const { scores, edges } = normalScores(levelsOfRows(dataset, rows), levels);
  return { levels, scores, edges: fitTo === 'ordinal' ? edges : null };
}

/** The data with the scores of the levels in the place of the ratings. */
function withScores(dataset: Dataset, { levels, scores }: Scale): Dataset {
  return { ...dataset, ratings: scoredRatings(dataset.ratings, levels, scores) };
}

/** Index of the level of each of the rows. */
function levelsOfRows({ ratings, levels }: Dataset, rows: Int32Array): Int32Array {
  return levelIndices(
    Float64Array.from(rows, (row) => ratings.value[row] ?? Number.NaN),
    levels,
  );
}

/** The sweeps that choose: from where an earlier try was stopped, from a start point that fits, or from nothing. */
async function firstLeg(
  pool: SweepPool,
  dataset: Dataset,
  { data, names, tuning }: { data: TrainingData; names: StartNames; tuning: Int32Array },
  options: LearnOptions & { readonly roomFor: RoomFor },
): Promise<{ state: ModelState; report: SweepReport }> {
  const { trail = NO_TRAIL, roomFor } = options;
  const left = trail.leg === 'train' ? firstLegFrom(carriedBy(trail)) : null;
  const warm = left === null ? warmStart(pool, data, names, options) : null;
  const isWarm = left?.isWarm ?? warm !== null;
  const plan = isWarm ? WARM : COLD;
  const at =
    trail.position('train', data, plan, roomFor) ??
    startPosition(warm ?? firstState(data, options), plan);
  const heldOut = new HeldOutRows(dataset.ratings, tuning, dataset.readers.ids.length);
  const sweeps = sweepOn(at, options.sweeps, heldOut, pool, plan);
  const others = sweepsAround('train', 0, options);
  const last = await drain(sweeps, others, options, (report) =>
    trail.reached('train', at, { isWarm, report: { ...report } }),
  );
  const report = last ?? left?.report;
  if (report === undefined) throw new RangeError('training made no sweep');
  return { state: at.state, report };
}

/** The state at the given start point, or null where there is none or it does not fit. */
function warmStart(
  pool: SweepPool,
  data: TrainingData,
  names: StartNames,
  { start = null, roomFor, ...options }: LearnOptions & Pick<TrainOptions, 'roomFor'>,
): ModelState | null {
  if (start === null) return null;
  const misfits = differences(start.point, options, data, names);
  if (misfits.length === 0) roomFor?.(start.point.dim);
  const warm = misfits.length > 0 ? null : warmState(start.point, data, names);
  if (warm !== null) {
    if (!lacksFactors(warm, options, pool)) return warm;
    misfits.push('factors stand out now that it does not have');
  }
  start.onMisfit(misfits);
  return null;
}

function startNames(
  dataset: Dataset,
  rows: Int32Array,
  { links }: Pick<StartSettings, 'links'>,
): StartNames {
  return {
    levels: dataset.levels,
    bookIds: dataset.books.ids,
    readerFamilies: readerFamilies(dataset, rows, links),
    bookFamilies: bookFamilies(dataset, rows, links),
  };
}

/** What rows say before they are trained on. */
interface Prepared {
  readonly data: TrainingData;
  readonly basis: InterestBasis;
}

/** What a refit goes on from. */
export interface Trained {
  readonly chosen: Chosen;
  /** Null where an earlier try was stopped in the refit. */
  readonly state: ModelState | null;
  /** Of the rows to train on, where it is made already. */
  readonly prepared?: Prepared;
  /** What a checkpoint keeps beside the position. */
  readonly carried: Readonly<Record<string, ColumnValue>>;
}

/** Goes on from a trained state on all rows that will be served from. */
export async function refit(
  from: Trained,
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Learned> {
  return withPool(options, rows, (pool) =>
    refitIn(pool, { leg: 'publish', ...from }, dataset, rows, options),
  );
}

async function refitIn(
  pool: SweepPool,
  { leg, chosen, state: old, prepared, carried }: Trained & { readonly leg: Leg },
  dataset: Dataset,
  rows: Int32Array,
  options: LearnOptions,
): Promise<Learned> {
  const { trail = NO_TRAIL, links } = options;
  const { levelMap, interest, report } = chosen;
  const [basis, state] = await beside(
    async (signal) => {
      const where = { threads: pool.threads, signal };
      return prepared?.basis ?? basisOf(dataset, rows, interest.exponent, where);
    },
    async () => {
      const made = { edges: levelMap.edges, links };
      const data = prepared?.data ?? trainingData(withScores(dataset, levelMap), rows, made);
      const at =
        trail.position(leg, data, COLD, roomIn(dataset, data, options)) ??
        startPosition(onRows(old, data), COLD);
      const others = sweepsAround(leg, report.sweep, options);
      const sweeps = sweepOn(at, refitSweeps(options), HeldOutRows.none, pool, COLD);
      await drain(sweeps, others, options, () => trail.reached(leg, at, carried));
      return at.state;
    },
    options.signal,
  );
  const rating = modelOf(state, levelMap, readerFamilies(dataset, rows, links), dataset);
  const model = { ...rating, interest: interestModelOf(interest, basis, dataset.books) };
  return { chosen, state, model };
}

function refitSweeps({ sweeps }: LearnOptions): number {
  return Math.min(REFIT_SWEEPS, sweeps);
}

/** Sweeps of the parts before one of them, of which the first has made so many, and of those after it. */
function sweepsAround(leg: Leg, first: number, options: LearnOptions): Around {
  const each = refitSweeps(options);
  const number = { train: 0, refit: 1, publish: 2 }[leg];
  return {
    before: number === 0 ? 0 : first + (number - 1) * each,
    after: Math.max(0, (options.refits ?? 1) - number) * each,
  };
}

/** The state with all its factors, on other rows of the same data. */
function onRows(state: ModelState | null, data: TrainingData): ModelState {
  if (state === null) throw new RangeError('there is no state to go on from');
  const factors = Array.from({ length: state.dim - 1 }, (_, k) => k + 1);
  return carryOver(state, data, factors);
}

/** Runs a training with its threads, which end with it however it ends. */
async function withPool<T>(
  { threads = 0, gpu = null }: LearnOptions,
  rows: Int32Array,
  training: (pool: SweepPool) => Promise<T>,
): Promise<T> {
  const pool = new SweepPool(threadsFor(threads, rows.length), { gpu });
  try {
    return await training(pool);
  } finally {
    await pool.close();
  }
}

function modelOf(
  state: ModelState,
  levelMap: LevelMap,
  families: readonly FeatureFamily[],
  { books }: Dataset,
): RatingModel {
  return trainedModelOf(state, families, books.listed, levelMap);
}

interface Around {
  readonly before: number;
  readonly after: number;
}

/** Runs the sweeps of one part, with so many in the others; `reached` is told after each. Returns the last report, null where no sweep was left to do. */
async function drain(
  sweeps: Generator<SweepReport>,
  others: Around,
  { onSweep, signal }: LearnOptions,
  reached: (report: SweepReport) => Promise<void>,
): Promise<SweepReport | null> {
  let last: SweepReport | null = null;
  for (;;) {
    const start = performance.now();
    const step = sweeps.next();
    if (step.done === true) return last;
    last = step.value;
    const { before, after } = others;
    const told = { ...last, sweep: before + last.sweep, of: before + last.of + after };
    await onSweep?.(told, Math.round(performance.now() - start) / 1000);
    await reached(last);
    await breathe(signal);
  }
}

/** Lets timers and signals in between two sweeps. */
async function breathe(signal: AbortSignal): Promise<void> {
  await turn();
  signal.throwIfAborted();
}
