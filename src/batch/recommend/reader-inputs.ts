import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import type { ReaderInput } from '../../model/recommender.ts';
import { buildLabelSpace } from '../../model/label-space.ts';
import type { Dataset } from '../ingest/dataset.ts';

/**
 * What is known of every reader, as shared columns that worker threads read without a copy.
 * Reader u has `ratedBook` and `ratedValue` from `ratedStart[u]`, `unratedBook` from `unratedStart[u]` and `label`
 * from `labelStart[u]`, each up to the next reader's start.
 */
export interface ReaderInputs {
  readonly count: number;
  readonly ratedStart: Int32Array;
  readonly ratedBook: Uint32Array;
  readonly ratedValue: Float64Array;
  readonly unratedStart: Int32Array;
  readonly unratedBook: Uint32Array;
  readonly labelStart: Int32Array;
  readonly label: Uint32Array;
}

/** Inputs of all readers with the given rows of the ratings; interactions and labels are taken whole. */
export function readerInputs(dataset: Dataset, rows: Int32Array): ReaderInputs {
  const { ratings, interactions, readers } = dataset;
  const count = readers.ids.length;
  const readerOf = rows.map((row) => ratings.reader[row]);
  const ratedStart = countingStarts(readerOf, count);
  const order = countingOrder(readerOf, ratedStart).map((position) => rows[position]);
  const unratedStart = countingStarts(interactions.reader, count);
  const unrated = countingOrder(interactions.reader, unratedStart);
  const labels = buildLabelSpace(count, readers.families);
  return {
    count,
    ratedStart: shared(ratedStart),
    ratedBook: shared(Uint32Array.from(order, (row) => ratings.book[row])),
    ratedValue: shared(Float64Array.from(order, (row) => ratings.value[row])),
    unratedStart: shared(unratedStart),
    unratedBook: shared(Uint32Array.from(unrated, (n) => interactions.book[n])),
    labelStart: shared(labels.start),
    label: shared(Uint32Array.from(labels.label)),
  };
}

/** Input of reader u, as views. */
export function inputOf(inputs: ReaderInputs, u: number): ReaderInput {
  return {
    labels: inputs.label.subarray(inputs.labelStart[u], inputs.labelStart[u + 1]),
    ratedBook: inputs.ratedBook.subarray(inputs.ratedStart[u], inputs.ratedStart[u + 1]),
    ratedValue: inputs.ratedValue.subarray(inputs.ratedStart[u], inputs.ratedStart[u + 1]),
    unratedBook: inputs.unratedBook.subarray(inputs.unratedStart[u], inputs.unratedStart[u + 1]),
  };
}

/**
 * All readers in the order in which their lists are made in the least time: those who have met one book by that book, since what they are
 * offered is picked out once for all of them; before them those with more, whose lists take longest.
 */
export function listOrder(inputs: ReaderInputs): Int32Array {
  const { count, ratedStart, unratedStart, ratedBook, unratedBook } = inputs;
  const met = Int32Array.from({ length: count }, (_, u) => {
    const rated = ratedStart[u + 1] - ratedStart[u];
    const unrated = unratedStart[u + 1] - unratedStart[u];
    if (rated + unrated > 1) return -2;
    if (rated === 1) return ratedBook[ratedStart[u]];
    return unrated === 1 ? unratedBook[unratedStart[u]] : -1;
  });
  return Int32Array.from(met.keys()).sort((a, b) => met[a] - met[b] || a - b);
}

type Column = Int32Array | Uint32Array | Float64Array;

/** The same column in shared memory. */
function shared<T extends Column>(column: T): T {
  const buffer = new SharedArrayBuffer(column.byteLength);
  const Type = column.constructor as new (buffer: SharedArrayBuffer) => T;
  const copy = new Type(buffer);
  copy.set(column);
  return copy;
}
