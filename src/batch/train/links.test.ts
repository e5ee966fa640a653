import { describe, expect, it } from 'vitest';
import { FoldIn } from '../../model/fold-in.ts';
import { plainLevelMap, plainScale } from '../../model/level-map.ts';
import { normalDraw, seededRandom } from '../../model/random.ts';
import { finished } from '../../testing/planted.ts';
import { type Entry, smallDataset } from '../../testing/small-dataset.ts';
import { readerFamilies, trainingData } from './features.ts';
import { HeldOutRows } from './held-out-rows.ts';
import { sweepReaders } from './reader-sweep.ts';
import { trainedModelOf } from './trained-model-of.ts';
import { train } from './trainer.ts';

const READERS = 300;
const BOOKS = 60;
/** Ratings of every second reader, and of the others. */
const RATED = [14, 3] as const;
const OPTIONS = { rank: 2, sweeps: 20, seed: 1 };

/** Readers who meet what they like: many books without a rating, a few with one, of which the last is held out. */
function choosyReaders() {
  const random = seededRandom(3);
  const taste = Array.from({ length: READERS }, () => normalDraw(random));
  const kind = Array.from({ length: BOOKS }, () => normalDraw(random));
  const entries: Entry[] = [];
  const held: number[] = [];
  let row = 0;
  for (let u = 0; u < READERS; u++) {
    const count = RATED[u % 2] ?? 0;
    row += count;
    held.push(row - 1);
    const liking = (i: number): number => (taste[u] ?? 0) * (kind[i] ?? 0);
    const order = Array.from({ length: BOOKS }, (_, i) => i)
      .map((i) => ({ i, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ i }) => i);
    for (const [n, i] of order.entries()) {
      const value = 5.5 + 2 * liking(i) + 0.7 * normalDraw(random);
      if (n < count) entries.push([`u${u}`, `b${i}`, value]);
      else if (random() < 1 / (1 + Math.exp(-4 * liking(i)))) entries.push([`u${u}`, `b${i}`]);
    }
  }
  const dataset = smallDataset(entries);
  const rows = Int32Array.from(dataset.ratings.value.keys());
  const isLast = new Set(held);
  return {
    dataset,
    rows: rows.filter((one) => !isLast.has(one)),
    heldOut: new HeldOutRows(dataset.ratings, Int32Array.from(held), READERS),
  };
}

const { dataset, rows, heldOut } = choosyReaders();

function trained(links: 'none' | 'readers' | 'books' | 'both') {
  return finished(train(trainingData(dataset, rows, { links }), OPTIONS, heldOut));
}

const errorOf = ({ reports }: ReturnType<typeof trained>): number =>
  reports.at(-1)?.heldOutRmse ?? NaN;

describe('links to what was met', () => {
  it('lower the error of ratings that were not seen where readers meet what they like', () => {
    const plain = errorOf(trained('none'));
    expect(errorOf(trained('readers'))).toBeLessThan(0.97 * plain);
    expect(errorOf(trained('both'))).toBeLessThan(0.97 * plain);
  });

  it('are of the given rows and the interactions alone', () => {
    const { readerLabels } = trainingData(dataset, rows, { links: 'readers' });
    const of = (u: number) =>
      readerLabels.label.subarray(readerLabels.start[u], readerLabels.start[u + 1]);
    const first = readerLabels.familyStart[readerLabels.families.indexOf('(books met)')] ?? NaN;
    const met = [...of(0)].filter((g) => g >= first).map((g) => g - first);
    const { ratings, interactions } = dataset;
    const wanted = [
      ...rows.filter((row) => ratings.reader[row] === 0).map((row) => ratings.book[row] ?? -1),
      ...interactions.book.filter((_, n) => interactions.reader[n] === 0),
    ];
    expect(met.sort((a, b) => a - b)).toEqual(wanted.sort((a, b) => a - b));
    expect(met).not.toContain(ratings.book[RATED[0] - 1]);
  });

  it('are made anew for a reader who is folded in', () => {
    const { state } = trained('both');
    for (let round = 0; round < 10; round++) sweepReaders(state);
    const families = readerFamilies(dataset, rows, 'both');
    const levelMap = plainLevelMap(plainScale(dataset.levels));
    const fold = new FoldIn(trainedModelOf(state, families, dataset.books.listed, levelMap));
    const { matrix } = state.data;
    const { interactions } = dataset;
    expect(state.dim).toBeGreaterThan(1);
    for (let u = 0; u < 20; u++) {
      const [from, to] = [matrix.readerStart[u], matrix.readerStart[u + 1]];
      fold.solve({
        labels: new Uint32Array(),
        ratedBook: Uint32Array.from(matrix.book.subarray(from, to)),
        ratedValue: matrix.value.subarray(from, to),
        unratedBook: Uint32Array.from(
          interactions.book.filter((_, n) => interactions.reader[n] === u),
        ),
      });
      for (let d = 0; d < state.dim; d++) {
        const wanted = state.readers.mean[u * state.dim + d] ?? NaN;
        expect(Math.abs((fold.step.mean[d] ?? NaN) - wanted)).toBeLessThan(0.01);
      }
    }
  });
});
