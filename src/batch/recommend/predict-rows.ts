import { FoldIn } from '../../model/fold-in.ts';
import { levelProbabilities, ratingQuantile } from '../../model/level-map.ts';
import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import type { RatingModel } from '../../model/trained-model.ts';
import type { Predictions } from '../evaluate/report.ts';
import type { Dataset } from '../ingest/dataset.ts';
import { inputOf } from './reader-inputs.ts';
import type { ReaderInputs } from './reader-inputs.ts';

/** Central intervals of the report. */
const SHARES = [0.5, 0.8, 0.9, 0.95];

/** Latent mean and variance of some rows, in their order. */
export interface LatentRows {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
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
  const readerOf = rows.map((row) => dataset.ratings.reader[row]);
  const start = countingStarts(readerOf, inputs.count);
  const order = countingOrder(readerOf, start);
  for (let u = 0; u < inputs.count; u++) {
    if (start[u] === start[u + 1]) continue;
    fold.solve(inputOf(inputs, u));
    for (let n = start[u]; n < start[u + 1]; n++) {
      const at = order[n];
      const p = fold.predict(dataset.ratings.book[rows[at]]);
      mean[at] = p.mean;
      variance[at] = p.varReader + p.varBook + p.varNoise;
    }
  }
  return { mean, variance };
}

/** The predictive distributions of the rows, as the report wants them. */
export function predictions(model: RatingModel, latent: LatentRows): Predictions {
  const { levelMap } = model;
  const { levels } = levelMap;
  const rows = latent.mean.length;
  const low = levels[0];
  const high = levels[levels.length - 1];
  const pmf = new Float64Array(rows * levels.length);
  const intervals = new Float64Array(rows * 2 * SHARES.length);
  const sd = latent.variance.map(Math.sqrt);
  for (let n = 0; n < rows; n++) {
    const at = n * levels.length;
    levelProbabilities(levelMap, latent.mean[n], latent.variance[n], pmf, at);
    SHARES.forEach((share, s) => {
      const end = (n * SHARES.length + s) * 2;
      intervals[end] = ratingQuantile(levelMap, pmf, at, sd[n], (1 - share) / 2);
      intervals[end + 1] = ratingQuantile(levelMap, pmf, at, sd[n], (1 + share) / 2);
    });
  }
  return { mean: latent.mean.map((m) => Math.min(high, Math.max(low, m))), sd, pmf, intervals };
}
