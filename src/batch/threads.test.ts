import { describe, expect, it } from 'vitest';
import { seededRandom } from '../model/random.ts';
import { randomModel } from '../testing/random-model.ts';
import { familyOf } from '../testing/random-model-data.ts';
import { type Entry, smallDataset } from '../testing/small-dataset.ts';
import { watchThreads } from '../testing/watch-threads.ts';
import type { Where } from './in-thread.ts';
import { basisOf, drawInterest, learnInterest } from './interest.ts';
import { biasesOf } from './measure.ts';
import { readerInputs } from './recommend/reader-inputs.ts';
import { directionsOf, trainingData } from './train/features.ts';

const BOOKS = 50;
const random = seededRandom(1);
const entries = Array.from({ length: 100 * BOOKS }, (_, n) => n)
  .filter(() => random() < 0.3)
  .map((n): Entry => {
    const pair = [`u${Math.floor(n / BOOKS)}`, `b${n % BOOKS}`] as const;
    return random() < 0.6 ? [...pair, 1 + Math.floor(10 * random())] : pair;
  });
const plain = smallDataset(entries);
const authors = familyOf(
  'author',
  5,
  Array.from({ length: BOOKS }, (_, i) => [i % 5]),
);
const dataset = { ...plain, books: { ...plain.books, families: [authors] } };
const rows = Int32Array.from(dataset.ratings.value.keys());
const hidden = rows.filter((row) => row % 10 === 0);
const rest = rows.filter((row) => row % 10 !== 0);

/** The same work by the caller and in a thread of its own. */
async function both<R>(work: (where: Where) => Promise<R>): Promise<[own: R, theirs: R]> {
  const { signal } = new AbortController();
  const threads = watchThreads();
  const own = await work({ threads: 1, signal });
  expect(threads).toHaveLength(0);
  const theirs = await work({ threads: 2, signal });
  expect(threads).toHaveLength(1);
  return [own, theirs];
}

describe('made in a thread are the same', () => {
  it('directions, which are those of the training data', async () => {
    const [own, theirs] = await both((where) => directionsOf(dataset, rest, where));
    expect(own).toEqual(trainingData(dataset, rest).directions);
    expect(theirs).toEqual(own);
  });

  it('biases', async () => {
    const task = { dataset, split: { train: rest, test: hidden } };
    const [own, theirs] = await both((where) => biasesOf(task, where));
    expect(theirs).toEqual(own);
  });

  it('candidates and weights of the interest, and its basis', async () => {
    const drawn = await both((where) => drawInterest(dataset, { rest, hidden }, 1, where));
    expect(drawn[1]).toEqual(drawn[0]);
    const model = randomModel(seededRandom(2), 2, BOOKS + 1);
    const inputs = readerInputs(dataset, rest);
    const noiseFactor = new Float64Array(inputs.count).fill(1);
    const weights = await both((where) => {
      const candidates = drawn[where.threads - 1] ?? drawn[0];
      return learnInterest({ candidates, model, inputs, noiseFactor }, where);
    });
    expect(weights[1]).toEqual(weights[0]);
    const basis = await both((where) => basisOf(dataset, rows, weights[0].exponent, where));
    expect(basis[1]).toEqual(basis[0]);
  });
});
