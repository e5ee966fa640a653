import { AppError } from '../../runtime/errors.ts';
import { elbo } from './bound.ts';
import { sweepBooks } from './book-sweep.ts';
import { effectiveRank } from './effective-rank.ts';
import { sweepReadersAndEffects } from './effect-variances.ts';
import { HeldOutRows } from './held-out-rows.ts';
import { startState } from './model-state.ts';
import type { ModelState, TrainingData } from './model-state.ts';
import { updateShapes, updateTau } from './noise.ts';
import { StopRule } from './stop-rule.ts';

/** What is free to choose. */
export interface TrainOptions {
  /** K, number of latent factors; 0 leaves biases and effects only. */
  readonly rank: number;
  /** Most sweeps. */
  readonly sweeps: number;
  readonly seed: number;
}

/** State of the training after one sweep. */
export interface SweepReport {
  /** From 1. */
  readonly sweep: number;
  readonly of: number;
  /** Evidence lower bound, nats. */
  readonly elbo: number;
  /** Standard deviation of the noise, rating units. */
  readonly noiseSd: number;
  /** RMSE on the held-out rows, or null without such rows. */
  readonly heldOutRmse: number | null;
  readonly effectiveRank: number;
}

/**
 * Trains by coordinate ascent, one report a sweep; logs, progress, checkpoints and cancellation stay with the caller,
 * who may stop between two sweeps. Order of a sweep: readers with effects, readers' prior, books, books' prior, noise.
 * Throws `NUMERICAL` with sweep and block when a number stops being finite.
 */
export function* train(
  data: TrainingData,
  options: TrainOptions,
  heldOut: HeldOutRows = HeldOutRows.none,
): Generator<SweepReport, ModelState> {
  const state = startState(data, options.rank, options.seed);
  yield* continueTraining(state, options.sweeps, heldOut);
  return state;
}

/** The same from a given state, which is changed in place. */
export function* continueTraining(
  state: ModelState,
  sweeps: number,
  heldOut: HeldOutRows = HeldOutRows.none,
): Generator<SweepReport, void> {
  const rule = new StopRule(state.data.matrix.size);
  for (let sweep = 1; sweep <= sweeps; sweep++) {
    const heldOutRmse = oneSweep(state, sweep, heldOut);
    const report = {
      sweep,
      of: sweeps,
      elbo: elbo(state),
      noiseSd: Math.sqrt(state.tau.rate / state.tau.shape),
      heldOutRmse,
      effectiveRank: effectiveRank(state),
    };
    if (!Number.isFinite(report.elbo)) throw notFinite(sweep, 'bound', state);
    yield report;
    if (rule.done(report)) return;
  }
}

/** One pass over all blocks; returns the held-out RMSE. Hyper-parameters wait for the second sweep (3.1 d). */
function oneSweep(state: ModelState, sweep: number, heldOut: HeldOutRows): number | null {
  let block = 'readers';
  try {
    heldOut.reset();
    sweepReadersAndEffects(state, (reader, step) => {
      heldOut.visit(reader, step, state.offset);
    });
    if (sweep > 1) {
      block = 'prior of the readers';
      state.readerPrior.update(state.readers);
    }
    block = 'books';
    sweepBooks(state);
    if (sweep > 1) {
      block = 'prior of the books';
      state.bookPrior.update(state.books);
    }
    block = 'noise';
    updateTau(state);
    updateShapes(state);
  } catch (error) {
    if (error instanceof AppError && error.code === 'NUMERICAL') {
      throw new AppError('NUMERICAL', `sweep ${String(sweep)}, ${block}: ${error.message}`, error.hint, {
        cause: error,
      });
    }
    throw error;
  }
  return heldOut.rmse();
}

function notFinite(sweep: number, block: string, state: ModelState): AppError {
  return new AppError(
    'NUMERICAL',
    `sweep ${String(sweep)}, ${block}: not a finite number (noise ${String(state.tau.rate)})`,
    'Check the ratings for extreme values.',
  );
}
