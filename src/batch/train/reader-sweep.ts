import { packedSize } from '../../model/cholesky.ts';
import { addEffectSums, emptyEffectSums } from '../../model/content-effects.ts';
import { gammaMean } from '../../model/gamma.ts';
import { ReaderStep } from '../../model/reader-step.ts';
import { readerTask } from './reader-task.ts';
import type { ModelState } from './model-state.ts';
import { noiseFactor } from '../../model/noise-factor.ts';

/** Called after each reader's posterior, while the step still holds it. */
export type ReaderVisitor = (reader: number, step: ReaderStep) => void;

/** q(z_u, t_u) and q(alpha_u) of every reader with ratings, books fixed. */
export function sweepReaders(state: ModelState, visit?: ReaderVisitor): void {
  const { matrix } = state.data;
  const { readers } = state;
  const step = new ReaderStep(state.books);
  const tau = gammaMean(state.tau);
  state.effects = emptyEffectSums(state.data.effectLabels.families.length);
  state.readerLogDet = 0;
  state.squares = 0;
  for (let u = 0; u < matrix.readers; u++) {
    const from = matrix.readerStart[u];
    const to = matrix.readerStart[u + 1];
    if (from === to) continue;
    step.solve(readerTask(state, u, tau));
    storeReader(state, u, from, step);
    addEffectSums(step, state.effects);
    state.readerLogDet += step.logDet;
    const squares = step.squares();
    readers.precision[u] = noiseFactor(state.readerShape.prior, to - from, tau * squares);
    state.squares += readers.precision[u] * squares;
    visit?.(u, step);
  }
  state.readerShape.used = state.readerShape.prior;
}

/** Writes q(z_u), and for each rating the moments of a = b_u + content effects, which the book step needs. */
function storeReader(state: ModelState, u: number, from: number, step: ReaderStep): void {
  const { readers, books, dim } = state;
  const factors = dim - 1;
  for (let a = 0, s = u * packedSize(dim); a < dim; a++) {
    readers.mean[u * dim + a] = step.mean[a];
    for (let b = 0; b <= a; b++, s++) readers.cov[s] = step.cov[a * step.size + b];
  }
  for (let k = 0; k < step.placement.count; k++) {
    const w = step.placement.book[k] * dim;
    const shift = (from + k) * factors;
    let mean = step.fitMean[k];
    let variance = step.fitVar[k];
    for (let a = 1; a < dim; a++) {
      const q = books.mean[w + a];
      let own = 0;
      for (let b = 1; b < dim; b++) own += step.cov[a * step.size + b] * books.mean[w + b];
      mean -= q * step.mean[a];
      variance -= q * (2 * step.fitCov[k * dim + a] - own);
      readers.shiftCov[shift + a - 1] = step.fitCov[k * dim + a] - own;
    }
    readers.shiftMean[from + k] = mean;
    readers.shiftVar[from + k] = variance;
  }
}
