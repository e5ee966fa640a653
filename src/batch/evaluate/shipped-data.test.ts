import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ingest } from '../ingest/ingest.ts';
import { fitBiases, globalMean, predictBiases } from './baselines.ts';
import { accuracy } from './metrics.ts';
import { scoreRanking } from './ranking.ts';
import { popularityLists, rankingTask } from './ranking-task.ts';
import { splitRows } from './split.ts';

const dir = path.resolve(import.meta.dirname, '../../../data/bookcrossing');
const { dataset } = await ingest({ dir, scale: null });
const { ratings, levels } = dataset;
const sizes = { readers: dataset.readers.ids.length, books: dataset.books.ids.length };

/** Baselines on a random 10 % of the ratings, with the figures of docs/metrics.md. */
describe('baselines on the shipped data', () => {
  it('bias-only has its known errors, seed 1', () => {
    const { train, test } = splitRows(dataset, { kind: 'random', seed: 1, fraction: 0.1 });
    const value = Float64Array.from(test, (row) => ratings.value[row]);
    const bias = predictBiases(fitBiases({ ratings, train, ...sizes }), ratings, test, levels);
    const got = accuracy(bias, value);
    expect(test.length).toBe(24_881);
    expect(Math.abs(got.rmse - 1.6114)).toBeLessThan(0.0005);
    expect(Math.abs(got.mae - 1.2354)).toBeLessThan(0.0005);
    const overall = accuracy(bias.fill(globalMean(ratings, train)), value);
    expect(overall.rmse).toBeGreaterThan(got.rmse + 0.19);
  });

  it('popularity has its known rank figures, seed 1', () => {
    const split = splitRows(dataset, { kind: 'random', seed: 1, fraction: 0.1 });
    const task = rankingTask(dataset, split);
    const { ranking } = scoreRanking(task, popularityLists(task));
    expect(ranking.readers).toBe(6284);
    expect(ranking.ndcg10).toBeCloseTo(0.0103, 4);
    expect(ranking.recall20).toBeCloseTo(0.0293, 4);
  });
});
