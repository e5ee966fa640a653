import { FoldIn } from '../../model/fold-in.ts';
import {
  expectedRating,
  levelProbabilities,
  ratingQuantile,
  ratingSd,
  repairTable,
  withoutRepair,
} from '../../model/level-map.ts';
import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import type { RatingModel } from '../../model/trained-model.ts';
import type { Predictions } from '../evaluate/report.ts';
import type { Dataset } from '../ingest/dataset.ts';
import { inputOf } from './reader-inputs.ts';
import type { ReaderInputs } from './reader-inputs.ts';

/** Central intervals of the report. */
const SHARES = [0.5, 0.8, 0.9, 0.95];

/** Latent mean and variance of some rows, in their order, and how many ratings of reader and book each is predicted from. */
export interface LatentRows {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly readerRatings: Int32Array;
  readonly bookRatings: Int32Array;
}

/** Predicts rows of the ratings from what `inputs` know of their readers; each reader is folded in once. */
export function latentRows(
  model: RatingModel,
  inputs: ReaderInputs,
  dataset: Dataset,
  rows: Int32Array,
): LatentRows {
  const fold = new FoldIn(model);
  const mean = new Float64Array(rows.length);
  const variance = new Float64Array(rows.length);
  const readerRatings = new Int32Array(rows.length);
  const bookRatings = new Int32Array(rows.length);
  const readerOf = rows.map((row) => dataset.ratings.reader[row]);
  const start = countingStarts(readerOf, inputs.count);
  const order = countingOrder(readerOf, start);
  for (let u = 0; u < inputs.count; u++) {
    if (start[u] === start[u + 1]) continue;
    fold.solve(inputOf(inputs, u));
    for (let n = start[u]; n < start[u + 1]; n++) {
      const at = order[n];
      const book = dataset.ratings.book[rows[at]];
      const p = fold.predict(book);
      const known = fold.known(book);
      readerRatings[at] = known.reader;
      bookRatings[at] = known.book;
      mean[at] = p.mean;
      variance[at] = p.varReader + p.varBook + p.varNoise;
    }
  }
  return { mean, variance, readerRatings, bookRatings };
}

/** The predictive distributions of the rows, as the report wants them. */
export function predictions(model: RatingModel, latent: LatentRows): Predictions {
  const { levelMap } = model;
  const { levels } = levelMap;
  const rows = latent.mean.length;
  const pmf = new Float64Array(rows * levels.length);
  const intervals = new Float64Array(rows * 2 * SHARES.length);
  const rawIntervals = new Float64Array(intervals.length);
  const mean = new Float64Array(rows);
  const sd = new Float64Array(rows);
  const raw = withoutRepair(levelMap);
  for (let n = 0; n < rows; n++) {
    const at = n * levels.length;
    levelProbabilities(levelMap, latent.mean[n], latent.variance[n], pmf, at);
    mean[n] = expectedRating(levelMap, pmf, at, latent.mean[n]);
    sd[n] = ratingSd(levelMap, pmf, at);
    const known = { reader: latent.readerRatings[n], book: latent.bookRatings[n] };
    for (const [map, ends] of [
      [levelMap, intervals],
      [raw, rawIntervals],
    ] as const) {
      const table = repairTable(map, known, sd[n]);
      SHARES.forEach((share, s) => {
        const end = (n * SHARES.length + s) * 2;
        ends[end] = ratingQuantile(map, pmf, at, table, (1 - share) / 2);
        ends[end + 1] = ratingQuantile(map, pmf, at, table, (1 + share) / 2);
      });
    }
  }
  return { mean, sd, pmf, intervals, rawIntervals };
}
