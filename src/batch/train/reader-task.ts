import type { ReaderTask } from '../../model/reader-step.ts';
import type { ModelState } from './model-state.ts';

/** The step's input for reader u with the ratings of the training matrix. */
export function readerTask(state: ModelState, u: number, tau: number): ReaderTask {
  const { matrix } = state.data;
  return {
    book: matrix.book,
    value: matrix.value,
    from: matrix.readerStart[u],
    to: matrix.readerStart[u + 1],
    offset: state.offset,
    precision: tau * state.readers.precision[u],
    priorMean: state.readerPrior.mean,
    priorAt: u * state.dim,
    priorPrecision: state.readerPrior.precision.mean,
  };
}
