import { ROW_SUMS } from '../../model/row-step.ts';
import type { ModelState } from './model-state.ts';
import { poolFor } from './reader-sweep.ts';
import { sweepNumbersOf } from './sweep-data.ts';

/** q(w_i) and q(beta_i) of every book with ratings, readers fixed; threads as for readers. */
export function sweepBooks(state: ModelState, pool = poolFor(state)): void {
  const sums = pool.run('books', sweepNumbersOf(state));
  state.bookLogDet = sums[ROW_SUMS.logDet];
  state.squares = sums[ROW_SUMS.squares];
  state.bookShape.used = state.bookShape.prior;
}
