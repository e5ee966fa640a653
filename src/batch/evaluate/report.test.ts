import { describe, expect, it } from 'vitest';
import { metricsSchema } from '../../contracts/metrics.ts';
import { normalDraw, seededRandom } from '../../model/random.ts';
import { smallDataset, type Entry } from '../../testing/small-dataset.ts';
import { fitBiases } from './baselines.ts';
import type { BookList } from './ranking.ts';
import { popularityLists, rankingTask } from './ranking-task.ts';
import { biasTask, evaluationReport, type RatingInput, ratingReport } from './report.ts';
import { splitRows } from './split.ts';

const LEVELS = 10;

/** 80 readers with 20 ratings each; what they like depends on reader and book alone. */
const random = seededRandom(5);
const entries: Entry[] = Array.from({ length: 1600 }, (_, n) => {
  const user = Math.floor(n / 20);
  const item = (user * 3 + 7 * (n % 20)) % 60;
  const rating = 6 + 1.5 * Math.sin(user) + Math.cos(item) + normalDraw(random);
  return [`r${user}`, `b${item}`, Math.min(10, Math.max(1, Math.round(rating)))];
});
const dataset = smallDataset(entries);
const split = splitRows(dataset, { kind: 'random', seed: 1, fraction: 0.25 });
const value = Float64Array.from(split.test, (row) => dataset.ratings.value[row]);
const task = rankingTask(dataset, split);

const everyPolicy = (lists: readonly BookList[]) => ({
  rating: lists,
  interest: lists,
  balanced: lists,
  cautious: lists,
  explore: lists,
});

/** Sure and right predictions of all test rows. */
function oracle(): RatingInput {
  const pmf = new Float64Array(value.length * LEVELS);
  value.forEach((rating, row) => (pmf[row * LEVELS + rating - 1] = 1));
  return {
    dataset,
    split,
    splitName: 'random 25 %, seed 1',
    predictions: {
      mean: value,
      sd: Float64Array.from(value.keys()),
      pmf,
      intervals: Float64Array.from({ length: value.length * 8 }, (_, at) => value[at >> 3]),
      rawIntervals: new Float64Array(value.length * 8),
    },
    seed: 1,
  };
}

const reportOf = (input: RatingInput) =>
  evaluationReport(ratingReport(input), task, everyPolicy(task.relevant));

describe('evaluationReport', () => {
  const report = reportOf(oracle());

  it('gives a right and sure model perfect marks', () => {
    expect(report.model).toMatchObject({
      rmse: 0,
      mae: 0,
      dnll: 0,
      crps: 0,
      width95: 0,
      coverage: { p50: 1, p80: 1, p90: 1, p95: 1 },
      rawCoverage: { p50: 0, p80: 0, p90: 0, p95: 0 },
    });
    expect(report.model.ranking.ndcg10).toBe(1);
    expect(report.model.ranking.recall20).toBe(1);
  });

  it('sets the model beside its baselines', () => {
    const { globalMean, bias, popularity } = report.baselines;
    const overall = split.train.reduce((sum, row) => sum + dataset.ratings.value[row], 0);
    const errors = value.map((rating) => (rating - overall / split.train.length) ** 2);
    const rmse = Math.sqrt(errors.reduce((a, b) => a + b, 0) / value.length);
    expect(globalMean.rmse).toBeCloseTo(rmse, 9);
    // The noise has deviation 1, the biases add to it.
    expect(bias.rmse).toBeGreaterThan(0.9);
    expect(bias.rmse).toBeLessThan(1.25);
    expect(popularity.readers).toBe(task.readers.length);
    const { rmseVsGlobalMean, rmseVsBias, maeVsBias, ndcg10VsPopularity } = report.differences;
    expect(rmseVsGlobalMean.value).toBeCloseTo(-globalMean.rmse, 9);
    expect(rmseVsBias.value).toBeCloseTo(-bias.rmse, 9);
    expect(maeVsBias.value).toBeCloseTo(-bias.mae, 9);
    expect(rmseVsBias.high).toBeLessThan(0);
    expect(ndcg10VsPopularity?.value).toBeCloseTo(1 - popularity.ndcg10, 9);
  });

  it('slices all test rows three ways', () => {
    for (const slices of [report.bySpread, report.byReaderRatings, report.byBookRatings]) {
      expect(slices.reduce((rows, slice) => rows + slice.rows, 0)).toBe(value.length);
    }
    expect(report.bySpread.map(({ name }) => name)).toEqual([
      'narrowest quarter',
      'second quarter',
      'third quarter',
      'widest quarter',
    ]);
  });

  it('fits the schema and repeats itself', () => {
    expect(metricsSchema.parse(report)).toEqual(report);
    expect(reportOf(oracle())).toEqual(report);
  });

  it('takes biases that are fitted already', () => {
    const biases = fitBiases(biasTask(dataset, split));
    expect(reportOf({ ...oracle(), biases })).toEqual(report);
    const flat = { ...biases, readerBias: biases.readerBias.map(() => 0) };
    expect(reportOf({ ...oracle(), biases: flat }).baselines).not.toEqual(report.baselines);
  });

  it('has no ranking differences where every test reader is cold', () => {
    const cold = splitRows(dataset, { kind: 'leave-cold-readers', seed: 1, fraction: 0.25 });
    const rows = cold.test.length;
    const nobody = rankingTask(dataset, cold);
    const rated = ratingReport({
      ...oracle(),
      split: cold,
      predictions: {
        mean: new Float64Array(rows).fill(6),
        sd: new Float64Array(rows).fill(1),
        pmf: new Float64Array(rows * LEVELS).fill(1 / LEVELS),
        intervals: new Float64Array(rows * 8).fill(6),
        rawIntervals: new Float64Array(rows * 8).fill(6),
      },
    });
    const got = evaluationReport(rated, nobody, everyPolicy(popularityLists(nobody)));
    expect(got.model.ranking.readers).toBe(0);
    expect(got.differences.ndcg10VsPopularity).toBeNull();
    expect(got.byReaderRatings.map(({ name, rows: n }) => [name, n])).toEqual([['0', rows]]);
    expect(metricsSchema.parse(got)).toEqual(got);
  });

  it('refuses a prediction that is not finite, and names it', () => {
    const input = oracle();
    const sd = input.predictions.sd.with(3, Number.NaN);
    const broken = { ...input, predictions: { ...input.predictions, sd } };
    expect(() => ratingReport(broken)).toThrow(
      expect.objectContaining({
        code: 'NUMERICAL',
        message: 'The prediction of test row 3 has a sd that is not finite',
      }),
    );
  });

  it('refuses predictions of other rows', () => {
    const input = oracle();
    const mean = input.predictions.mean.subarray(1);
    const broken = { ...input, predictions: { ...input.predictions, mean } };
    expect(() => ratingReport(broken)).toThrow(/numbers in mean instead of/);
  });

  it.each([
    { name: 'to train on', part: { ...split, train: new Int32Array() } },
    { name: 'to measure with', part: { ...split, test: new Int32Array() } },
  ])('says that nothing is left $name', ({ part }) => {
    expect(() => ratingReport({ ...oracle(), split: part })).toThrow(
      expect.objectContaining({ code: 'DATA_EMPTY' }),
    );
  });
});
