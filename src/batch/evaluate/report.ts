import type { Accuracy, Metrics } from '../../contracts/metrics.ts';
import type { Policy } from '../../contracts/policies.ts';
import { AppError } from '../../runtime/errors.ts';
import type { Dataset } from '../ingest/dataset.ts';
import {
  type BiasModel,
  type BiasTask,
  fitBiases,
  globalMean,
  predictBiases,
} from './baselines.ts';
import { columnMean, pairedBootstrap, rmseDifference } from './bootstrap.ts';
import * as metrics from './metrics.ts';
import { scoreRanking, type BookList, type RankingScores } from './ranking.ts';
import { popularityLists, type RankingTask } from './ranking-task.ts';
import { byActivity, byCount, bySpread, measureSlices, type RowGroup } from './slices.ts';
import type { Split } from './split.ts';

/** Predictive distributions of the test rows, in their order; L levels. */
export interface Predictions {
  /** Expected rating. */
  readonly mean: Float64Array;
  /** Total standard deviation, rating units. */
  readonly sd: Float64Array;
  /** Probabilities of the levels, rows x L. */
  readonly pmf: Float64Array;
  /** Ends of the 50, 80, 90 and 95 % intervals (low, high), rows x 8. */
  readonly intervals: Float64Array;
  /** The same before the conformal repair. */
  readonly rawIntervals: Float64Array;
}

/** Lists of the default policy and of others. */
export type PolicyLists = Readonly<
  Record<'balanced', readonly BookList[]> & Partial<Record<Policy, readonly BookList[]>>
>;

/** What the figures of the ratings are made of. */
export interface RatingInput {
  readonly dataset: Dataset;
  readonly split: Split;
  /** How the rows were held out, in words: `random 10 %, seed 1`. */
  readonly splitName: string;
  readonly predictions: Predictions;
  /** Fitted to the training rows, where it is already. */
  readonly biases?: BiasModel | undefined;
  /** Seed of the bootstrap. */
  readonly seed: number;
}

/** The report as far as it does not hang on lists, which take longest to make. */
export interface RatingReport {
  readonly seed: number;
  readonly report: Omit<Metrics, 'model' | 'baselines' | 'differences'>;
  readonly model: Omit<Metrics['model'], 'ranking' | 'policies'>;
  readonly baselines: Omit<Metrics['baselines'], 'popularity'>;
  readonly differences: Omit<Metrics['differences'], 'ndcg10VsPopularity' | 'recall20VsPopularity'>;
}

/**
 * Measures the predicted ratings beside global mean and bias-only. Throws `DATA_EMPTY` if there is
 * nothing to learn from or to measure with, `NUMERICAL` for a prediction that is not finite.
 */
export function ratingReport(input: RatingInput): RatingReport {
  const { dataset, split, predictions, seed } = input;
  const { ratings, levels } = dataset;
  checkRows(split);
  checkPredictions(predictions, split.test.length, levels.length);
  const value = Float64Array.from(split.test, (row) => ratings.value[row]);
  const observed = metrics.levelIndices(value, levels);
  const methods = [
    predictions.mean,
    biasPredictions(input),
    new Float64Array(value.length).fill(globalMean(ratings, split.train)),
  ];
  const [model, bias, overall] = methods.map((prediction) => errors(prediction, value));
  const [rmseVsGlobalMean, rmseVsBias, maeVsBias] = pairedBootstrap(
    [model.squared, bias.squared, overall.squared, difference(model.absolute, bias.absolute)],
    [rmseDifference(0, 2), rmseDifference(0, 1), columnMean(3)],
    { seed },
  );
  const columns = { squaredError: model.squared, value, ...predictions };
  const slices = (groups: readonly RowGroup[]) => measureSlices(groups, columns);
  const readers = trainCounts(ratings.reader, split);
  const books = trainCounts(ratings.book, split);
  return {
    seed,
    report: {
      split: input.splitName,
      trainRows: split.train.length,
      testRows: split.test.length,
      bySpread: slices(bySpread(predictions.sd)),
      byReaderRatings: slices(byCount(readers)),
      byBookRatings: slices(byCount(books)),
      byActivity: slices(byActivity(readers, books)),
    },
    model: {
      ...model.accuracy,
      dnll: metrics.dnll(predictions.pmf, observed, levels),
      crps: metrics.crps(predictions.pmf, observed, levels),
      coverage: metrics.coverage(predictions.intervals, value),
      pit: metrics.pitHistogram(predictions.pmf, observed, levels),
      rawCoverage: metrics.coverage(predictions.rawIntervals, value),
      width95: metrics.meanWidth95(predictions.intervals),
    },
    baselines: { globalMean: overall.accuracy, bias: bias.accuracy },
    differences: { rmseVsGlobalMean, rmseVsBias, maeVsBias },
  };
}

/** Adds how the lists rank, beside popularity; `lists` has by policy a list for each reader of the task. */
export function evaluationReport(
  rated: RatingReport,
  task: RankingTask,
  lists: PolicyLists,
): Metrics {
  const ranked = scoreRanking(task, lists.balanced);
  const others = Object.entries(lists).filter(([name]) => name !== 'balanced');
  const popular = scoreRanking(task, popularityLists(task));
  return {
    ...rated.report,
    model: {
      ...rated.model,
      ranking: ranked.ranking,
      policies: Object.fromEntries(
        others.map(([name, of]) => [name, scoreRanking(task, of).ranking]),
      ),
    },
    baselines: { ...rated.baselines, popularity: popular.ranking },
    differences: { ...rated.differences, ...rankingDifferences(ranked, popular, rated.seed) },
  };
}

interface Errors {
  readonly squared: Float64Array;
  readonly absolute: Float64Array;
  readonly accuracy: Accuracy;
}

function errors(prediction: Float64Array, value: Float64Array): Errors {
  return {
    squared: metrics.squaredErrors(prediction, value),
    absolute: metrics.absoluteErrors(prediction, value),
    accuracy: metrics.accuracy(prediction, value),
  };
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((number, row) => number - b[row]);
}

function biasPredictions({ dataset, split, biases }: RatingInput): Float64Array {
  const { ratings, levels } = dataset;
  const model = biases ?? fitBiases(biasTask(dataset, split));
  return predictBiases(model, ratings, split.test, levels);
}

/** What the biases are fitted to. */
export function biasTask({ ratings, readers, books }: Dataset, { train }: Split): BiasTask {
  return { ratings, train, readers: readers.ids.length, books: books.ids.length };
}

function rankingDifferences(
  model: RankingScores,
  popular: RankingScores,
  seed: number,
): Pick<Metrics['differences'], 'ndcg10VsPopularity' | 'recall20VsPopularity'> {
  if (model.ndcg10.length === 0) return { ndcg10VsPopularity: null, recall20VsPopularity: null };
  const [ndcg10VsPopularity, recall20VsPopularity] = pairedBootstrap(
    [difference(model.ndcg10, popular.ndcg10), difference(model.recall20, popular.recall20)],
    [columnMean(0), columnMean(1)],
    { seed },
  );
  return { ndcg10VsPopularity, recall20VsPopularity };
}

/** Training rows of the reader or book of each test row. */
function trainCounts(entity: Int32Array, { train, test }: Split): Int32Array {
  const count = new Map<number, number>();
  for (const row of train) count.set(entity[row], (count.get(entity[row]) ?? 0) + 1);
  return test.map((row) => count.get(entity[row]) ?? 0);
}

function checkRows({ train, test }: Split): void {
  if (train.length === 0 || test.length === 0) {
    throw new AppError(
      'DATA_EMPTY',
      `The split leaves ${train.length} ratings to train on and ${test.length} to measure with`,
      'Give more data, or another held-out share.',
    );
  }
}

function checkPredictions(predictions: Predictions, rows: number, levels: number): void {
  const ends = metrics.INTERVAL_ENDS;
  const widths = { mean: 1, sd: 1, pmf: levels, intervals: ends, rawIntervals: ends };
  for (const [name, width] of Object.entries(widths)) {
    const column = predictions[name as keyof Predictions]; // `Object.entries` forgets the key's type.
    const bad = column.findIndex((number) => !Number.isFinite(number));
    if (bad >= 0 || column.length !== rows * width) {
      throw new AppError(
        'NUMERICAL',
        bad >= 0
          ? `The prediction of test row ${Math.floor(bad / width)} has a ${name} that is not finite`
          : `The predictions have ${column.length} numbers in ${name} instead of ${rows * width}`,
        'Nothing is published; train again, and report this if it persists.',
      );
    }
  }
}
