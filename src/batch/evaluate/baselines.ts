import type { Ratings } from '../../model/data.ts';

/** Rows to fit biases to, and the sizes of the two sides of the data set. */
export interface BiasTask {
  readonly ratings: Ratings;
  readonly train: Int32Array;
  readonly readers: number;
  readonly books: number;
}

/** Mean rating of the training rows. */
export function globalMean(ratings: Ratings, train: Int32Array): number {
  let sum = 0;
  for (const row of train) sum += ratings.value[row];
  return sum / train.length;
}

/** rating = mean + reader's bias + book's bias; the bias of one without training rows is 0. */
export interface BiasModel {
  readonly mean: number;
  readonly readerBias: Float64Array;
  readonly bookBias: Float64Array;
}

/** Posterior of one side's biases: N(mean[n], variance[n]) under the prior N(0, priorVariance). */
interface Side {
  readonly entity: Int32Array;
  readonly count: Int32Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  priorVariance: number;
}

const MAX_SWEEPS = 100;
const TOLERANCE = 1e-6;

/**
 * Fits the biases by variational inference with independent normal posteriors; the variances of
 * both sides and of the noise, and so the shrinkage, are learned from the training rows (EM).
 */
export function fitBiases({ ratings, train, ...sizes }: BiasTask): BiasModel {
  const overall = globalMean(ratings, train);
  const centred = Float64Array.from(train, (row) => ratings.value[row] - overall);
  const variance = centred.reduce((sum, r) => sum + r * r, 0) / train.length || 1;
  const readers = newSide(ratings.reader, train, sizes.readers, variance / 4);
  const books = newSide(ratings.book, train, sizes.books, variance / 4);
  let noise = variance / 2;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    updateSide(readers, books, centred, noise);
    const squares = updateSide(books, readers, centred, noise);
    const before = noise;
    noise = Math.max((squares + variances(readers) + variances(books)) / train.length, 1e-9);
    if (Math.abs(noise - before) <= TOLERANCE * before) break;
  }
  return { mean: overall, readerBias: readers.mean, bookBias: books.mean };
}

/** Predictions of `rows`, clipped to the scale. */
export function predictBiases(
  model: BiasModel,
  ratings: Ratings,
  rows: Int32Array,
  levels: Float64Array,
): Float64Array {
  const low = levels[0];
  const high = levels[levels.length - 1];
  return Float64Array.from(rows, (row) => {
    const bias = model.readerBias[ratings.reader[row]] + model.bookBias[ratings.book[row]];
    return Math.min(high, Math.max(low, model.mean + bias));
  });
}

function newSide(column: Int32Array, train: Int32Array, size: number, priorVariance: number): Side {
  const entity = train.map((row) => column[row]);
  const count = new Int32Array(size);
  for (const n of entity) count[n]++;
  const variance = new Float64Array(size).fill(priorVariance);
  return { entity, count, mean: new Float64Array(size), variance, priorVariance };
}

/**
 * Posterior of `side` given `other`, then its prior by one EM step over the entities with rows. Returns the sum of the squared
 * distances of the rows to both means.
 */
function updateSide(side: Side, other: Side, centred: Float64Array, noise: number): number {
  const { entity, count, mean, variance } = side;
  const sums = new Float64Array(mean.length);
  let squares = 0;
  for (let k = 0; k < centred.length; k++) {
    const rest = centred[k] - other.mean[other.entity[k]];
    sums[entity[k]] += rest;
    squares += rest * rest;
  }
  for (let n = 0; n < sums.length; n++) {
    const precision = 1 / side.priorVariance + count[n] / noise;
    variance[n] = 1 / precision;
    mean[n] = sums[n] / noise / precision;
    squares += mean[n] * (count[n] * mean[n] - 2 * sums[n]);
  }
  updatePrior(side);
  return squares;
}

function updatePrior(side: Side): void {
  let seen = 0;
  let squares = 0;
  for (let n = 0; n < side.count.length; n++) {
    if (side.count[n] === 0) continue;
    seen++;
    squares += side.mean[n] ** 2 + side.variance[n];
  }
  // The floor keeps the precision finite where a side does not vary at all.
  side.priorVariance = Math.max(squares / seen, 1e-9);
}

/** Sum over the rows of the variance of their entity. */
function variances({ count, variance }: Side): number {
  let sum = 0;
  for (let n = 0; n < count.length; n++) sum += count[n] * variance[n];
  return sum;
}
