import type { ReaderTask } from '../../model/reader-task.ts';
import type { SweepData, SweepNumbers } from './sweep-data.ts';

/** The step's input for reader u with the ratings of the training matrix. */
export function readerTask(data: SweepData, numbers: SweepNumbers, u: number): ReaderTask {
  const { matrix } = data;
  return {
    book: matrix.book,
    value: matrix.value,
    from: matrix.readerStart[u],
    to: matrix.readerStart[u + 1],
    offset: numbers.offset,
    precision: numbers.tau * data.readers.precision[u],
    priorMean: data.readerPriorMean,
    priorAt: u * data.dim,
    priorPrecision: numbers.readerPrecision,
  };
}
