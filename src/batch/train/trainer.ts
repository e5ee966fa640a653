import { AppError } from '../../runtime/errors.ts';
import { elbo } from './bound.ts';
import { carryOver } from './carry-over.ts';
import { FactorWatch } from './dead-factors.ts';
import { sweepBooks } from './book-sweep.ts';
import { effectiveRank } from './effective-rank.ts';
import { searchEffectVariances } from './effect-variances.ts';
import { HeldOutRows } from './held-out-rows.ts';
import { fillUnrated, startState } from './model-state.ts';
import type { ModelState, TrainingData } from './model-state.ts';
import { noiseSd, updateShapes, updateTau } from './noise.ts';
import { sweepLatent } from './latent-sweep.ts';
import { sweepReaders } from './reader-sweep.ts';
import { spectralFactors } from './spectral-start.ts';
import { StopRule } from './stop-rule.ts';
import { sweepDataOf } from './sweep-data.ts';
import { SweepPool } from './sweep-pool.ts';

/** What is free to choose. */
export interface TrainOptions {
  /** K, most latent factors; 0 leaves biases and effects only. */
  readonly rank: number;
  /** Most sweeps. */
  readonly sweeps: number;
  readonly seed: number;
  readonly roomFor?: RoomFor;
}

/** Asked before a state of D numbers is laid out; throws where there is no room for it. */
export type RoomFor = (dim: number) => void;

/** State of the training after one sweep. */
export interface SweepReport {
  /** From 1. */
  readonly sweep: number;
  readonly of: number;
  /** Evidence lower bound, nats. */
  readonly elbo: number;
  /** Root mean square of the ratings' noise, rating units. */
  readonly noiseSd: number;
  /** RMSE on the held-out rows, or null without such rows. */
  readonly heldOutRmse: number | null;
  readonly effectiveRank: number;
}

/** When a training does what it does not do in every sweep. */
export interface SweepPlan {
  /** First sweep that learns the priors. */
  readonly priorsFrom: number;
  /** Sweeps before which the variances of the effects are searched, and the factor of the search's steps there. */
  readonly searches: ReadonlyMap<number, number>;
  /** Fewest sweeps. */
  readonly minSweeps: number;
}

/** From a start that knows nothing: priors and end wait until the posteriors say something (docs/model.md 3.1 c, d). */
export const COLD: SweepPlan = {
  priorsFrom: 2,
  searches: new Map([
    [5, 2],
    [10, 1.4],
    [15, 1.2],
  ]),
  minSweeps: 18,
};

/** From what an older training has learned, where all blocks are near their ends. */
export const WARM: SweepPlan = { priorsFrom: 1, searches: new Map([[2, 1.4]]), minSweeps: 4 };

/**
 * Trains by coordinate ascent, one report a sweep; logs, progress, checkpoints and cancellation stay with the caller,
 * who may stop between two sweeps and closes the pool, which is the calling thread alone by default. Order of a sweep: readers with effects, readers' prior, latent ratings, books, books' prior, noise.
 * Throws `NUMERICAL` with sweep and block when a number stops being finite.
 */
export function* train(
  data: TrainingData,
  options: TrainOptions,
  heldOut: HeldOutRows = HeldOutRows.none,
  pool: SweepPool = new SweepPool(1),
): Generator<SweepReport, ModelState> {
  return yield* continueTraining(firstState(data, options), options.sweeps, heldOut, pool);
}

/**
 * The same from a given state; as from one that knows nothing unless the plan says other. Factors that the priors have shut down are left out on the way, so that the state
 * returned may be a smaller one.
 */
export function continueTraining(
  start: ModelState,
  sweeps: number,
  heldOut: HeldOutRows = HeldOutRows.none,
  pool: SweepPool = new SweepPool(1),
  plan: SweepPlan = COLD,
): Generator<SweepReport, ModelState> {
  return sweepOn(startPosition(start, plan), sweeps, heldOut, pool, plan);
}

/** Where a training stands between two sweeps: all that the next ones depend on. */
export interface Position {
  state: ModelState;
  /** Sweeps done. */
  sweep: number;
  /** Whether no sweep follows. */
  ended: boolean;
  /** During a sweep the state is neither the old nor the new one. */
  isWhole: boolean;
  watch: FactorWatch;
  readonly rule: StopRule;
}

export function startPosition(state: ModelState, { minSweeps }: SweepPlan): Position {
  const rule = new StopRule(state.data.matrix.size, minSweeps);
  return { state, sweep: 0, ended: false, isWhole: true, watch: new FactorWatch(), rule };
}

/** The same from a position, which is kept current: at each report it is where the training can go on later. */
export function* sweepOn(
  at: Position,
  sweeps: number,
  heldOut: HeldOutRows = HeldOutRows.none,
  pool: SweepPool = new SweepPool(1),
  plan: SweepPlan = COLD,
): Generator<SweepReport, ModelState> {
  pool.use(sweepDataOf(at.state, heldOut, pool.kernelFor(at.state)));
  while (!at.ended && at.sweep < sweeps) {
    const { state } = at;
    const sweep = at.sweep + 1;
    at.isWhole = false;
    const heldOutRmse = oneSweep(state, sweep, pool, plan);
    const report = {
      sweep,
      of: sweeps,
      elbo: elbo(state),
      noiseSd: noiseSd(state),
      heldOutRmse,
      effectiveRank: effectiveRank(state),
    };
    if (!Number.isFinite(report.elbo)) throw notFinite(sweep, 'bound', state);
    at.ended = at.rule.done(report);
    const living = at.watch.living(state);
    if (!at.ended && living.length < state.dim - 1) {
      at.state = carryOver(state, state.data, living);
      pool.use(sweepDataOf(at.state, heldOut, pool.kernelFor(at.state)));
      at.watch = new FactorWatch();
    }
    at.sweep = sweep;
    at.isWhole = true;
    yield report;
  }
  return at.state;
}

/** Biases and effects at their priors, factors along the strongest directions of the ratings; none where none stands out. */
export function firstState(data: TrainingData, { rank, seed, roomFor }: TrainOptions): ModelState {
  const plain = startState(data, 0, seed);
  const factors = rank === 0 ? null : spectralFactors(data.matrix, plain.offset, rank, seed);
  if (factors === null) return plain;
  roomFor?.(rank + 1);
  const state = startState(data, rank, seed);
  for (let i = 0, at = 0; i < data.matrix.books; i++) {
    for (let k = 1; k <= rank; k++) state.books.mean[i * state.dim + k] = factors[at++];
  }
  return state;
}

/** One pass over all blocks; returns the held-out RMSE. */
function oneSweep(
  state: ModelState,
  sweep: number,
  pool: SweepPool,
  { priorsFrom, searches }: SweepPlan,
): number | null {
  let block = 'variances of the effects';
  let heldOutRmse: number | null;
  try {
    const searched = searches.get(sweep);
    if (searched !== undefined) searchEffectVariances(state, searched, pool);
    block = 'readers';
    heldOutRmse = sweepReaders(state, pool);
    if (sweep >= priorsFrom) {
      block = 'prior of the readers';
      state.readerPrior.update(state.readers);
      state.readerPrior.freeRidges();
    }
    block = 'latent ratings';
    sweepLatent(state, pool);
    block = 'books';
    sweepBooks(state, pool);
    if (sweep >= priorsFrom) {
      block = 'prior of the books';
      state.bookPrior.update(state.books);
      state.bookPrior.freeRidges();
      fillUnrated(state);
    }
    block = 'noise';
    updateTau(state);
    updateShapes(state);
  } catch (error) {
    if (error instanceof AppError && error.code === 'NUMERICAL') {
      throw new AppError(
        'NUMERICAL',
        `sweep ${String(sweep)}, ${block}: ${error.message}`,
        error.hint,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
  return heldOutRmse;
}

function notFinite(sweep: number, block: string, state: ModelState): AppError {
  return new AppError(
    'NUMERICAL',
    `sweep ${String(sweep)}, ${block}: not a finite number (noise ${String(state.tau.rate)})`,
    'Check the ratings for extreme values.',
  );
}
