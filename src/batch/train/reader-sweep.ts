import { effectSumsIn, READER_SUMS } from './reader-chunk.ts';
import { HeldOutRows } from './held-out-rows.ts';
import type { ModelState } from './model-state.ts';
import { sweepDataOf, sweepNumbersOf } from './sweep-data.ts';
import { SweepPool } from './sweep-pool.ts';

/**
 * q(z_u, t_u) and q(alpha_u) of every reader with ratings, books fixed; on the calling thread unless a pool is given
 * that works on the state. Returns the RMSE of the pool's held-out rows, or null without such rows.
 */
export function sweepReaders(state: ModelState, pool = poolFor(state)): number | null {
  const sums = pool.run('readers', sweepNumbersOf(state));
  state.effects = effectSumsIn(sums);
  state.readerLogDet = sums[READER_SUMS.logDet];
  state.squares = sums[READER_SUMS.squares];
  state.readerShape.used = state.readerShape.prior;
  const count = sums[READER_SUMS.heldOutCount];
  return count === 0 ? null : Math.sqrt(sums[READER_SUMS.heldOutSquares] / count);
}

/** A pool of the calling thread alone that works on the state, with the reference row step: its start costs nothing. */
export function poolFor(state: ModelState, watched: HeldOutRows = HeldOutRows.none): SweepPool {
  const pool = new SweepPool(1);
  pool.use(sweepDataOf(state, watched, null));
  return pool;
}
