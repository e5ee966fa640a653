import { describe, expect, it } from 'vitest';
import {
  finished,
  plantedEffects,
  plantedFactors,
  plantedSparseFactors,
} from '../../testing/planted.ts';
import { randomTraining } from '../../testing/random-training.ts';
import { familyOf, trainingDataOf } from '../../testing/random-model-data.ts';
import { searchError } from './effect-variances.ts';
import { HeldOutRows } from './held-out-rows.ts';
import { startState } from './model-state.ts';
import type { ModelState } from './model-state.ts';
import { poolFor, sweepReaders } from './reader-sweep.ts';
import { continueTraining, train } from './trainer.ts';

const DATA = randomTraining({ seed: 4, readers: 60, books: 40, density: 0.5 });

function bytesOf(state: ModelState): string {
  const { readers, books, readerPrior, bookPrior } = state;
  const arrays = [
    readers.mean,
    readers.cov,
    books.mean,
    books.cov,
    readerPrior.effect,
    bookPrior.mean,
  ];
  return arrays.map((array) => Buffer.from(array.buffer).toString('base64')).join();
}

describe('training', () => {
  it('recovers planted factors: products as near to the truth as the noise allows', () => {
    const { data, heldOut, noiseRmse } = plantedFactors(1, 2);
    const { reports, state } = finished(train(data, { rank: 4, sweeps: 60, seed: 1 }, heldOut));
    const rmse = reports[reports.length - 1].heldOutRmse;
    expect(rmse).toBeLessThan(1.15 * noiseRmse);
    expect(Math.sqrt(state.tau.rate / state.tau.shape)).toBeGreaterThan(0.4);
    expect(reports[reports.length - 1].effectiveRank).toBeGreaterThan(1.5);
    expect(reports[reports.length - 1].effectiveRank).toBeLessThan(3.5);
    const plain = finished(train(data, { rank: 0, sweeps: 60, seed: 1 }, heldOut));
    expect(plain.reports[plain.reports.length - 1].heldOutRmse).toBeGreaterThan(2 * noiseRmse);
  });

  it('recovers planted factors from few ratings, all of them', () => {
    const { data, heldOut, noiseRmse } = plantedSparseFactors(3, 4);
    const { reports } = finished(train(data, { rank: 8, sweeps: 30, seed: 1 }, heldOut));
    const { heldOutRmse, effectiveRank } = reports[reports.length - 1];
    expect(heldOutRmse).toBeLessThan(1.4 * noiseRmse);
    expect(effectiveRank).toBeGreaterThan(3.5);
    expect(effectiveRank).toBeLessThan(5);
  });

  it('starts without factors where the ratings show none', () => {
    const { data, heldOut } = plantedSparseFactors(3, 0);
    const { reports, state } = finished(train(data, { rank: 8, sweeps: 2, seed: 1 }, heldOut));
    expect(state.dim).toBe(1);
    expect(reports.map(({ effectiveRank }) => effectiveRank)).toEqual([0, 0]);
  });

  it('recovers what each reader thinks of each author', () => {
    const { data, heldOut, noiseRmse } = plantedEffects(2);
    const { reports, state } = finished(train(data, { rank: 0, sweeps: 30, seed: 1 }, heldOut));
    expect(reports[reports.length - 1].heldOutRmse).toBeLessThan(1.25 * noiseRmse);
    // planted variance 1; the search moves by factors
    expect(state.books.effectVar[0]).toBeGreaterThan(0.4);
    expect(state.books.effectVar[0]).toBeLessThan(2.5);
    const without = { ...data, effectLabels: { ...data.bookLabels } };
    const blind = finished(train(without, { rank: 0, sweeps: 30, seed: 1 }, heldOut));
    expect(blind.reports[blind.reports.length - 1].heldOutRmse).toBeGreaterThan(1.7 * noiseRmse);
  });

  it('gives the same bytes for the same seed, and others for another', () => {
    const run = (seed: number) =>
      bytesOf(finished(train(DATA, { rank: 3, sweeps: 8, seed })).state);
    expect(run(5)).toBe(run(5));
    expect(run(5)).not.toBe(run(6));
  });

  it('reports each sweep, with a bound that rises while no variance is chosen', () => {
    const { reports } = finished(train(DATA, { rank: 2, sweeps: 12, seed: 1 }));
    expect(reports.map(({ sweep }) => sweep)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    reports.slice(1).forEach(({ elbo, of, heldOutRmse }, n) => {
      expect(elbo).toBeGreaterThanOrEqual(reports[n].elbo - 1e-9 * Math.abs(elbo));
      expect(of).toBe(12);
      expect(heldOutRmse).toBeNull();
    });
  });

  it('goes on where it stopped', () => {
    const whole = finished(train(DATA, { rank: 2, sweeps: 6, seed: 1 })).state;
    const { state } = finished(train(DATA, { rank: 2, sweeps: 3, seed: 1 }));
    finished(continueTraining(state, 20));
    const further = finished(train(DATA, { rank: 2, sweeps: 40, seed: 1 })).state;
    expect(whole.squares).not.toBe(state.squares);
    expect(Math.sqrt(state.tau.rate)).toBeCloseTo(Math.sqrt(further.tau.rate), 0);
  });

  it.each([
    { name: 'one rating', reader: [0], book: [0], value: [7] },
    { name: 'one level', reader: [0, 0, 1], book: [0, 1, 0], value: [5, 5, 5] },
    { name: 'an island', reader: [0, 1], book: [0, 1], value: [2, 9] },
  ])('gets through $name', ({ reader, book, value }) => {
    const data = trainingDataOf({
      ratings: {
        reader: Int32Array.from(reader),
        book: Int32Array.from(book),
        value: Float64Array.from(value),
      },
      readers: 3,
      books: 3,
      effectFamilies: [familyOf('author', 2, [[0], [0], [1]])],
    });
    const { reports, state } = finished(train(data, { rank: 2, sweeps: 20, seed: 1 }));
    expect(reports.every(({ elbo }) => Number.isFinite(elbo))).toBe(true);
    expect(state.books.mean.every(Number.isFinite)).toBe(true);
  });

  it.each([NaN, Infinity, -Infinity])('refuses the rating %d by name', (bad) => {
    const data = trainingDataOf({
      ratings: {
        reader: Int32Array.of(1, 0),
        book: Int32Array.of(2, 1),
        value: Float64Array.of(bad, 5),
      },
      readers: 2,
      books: 3,
    });
    expect(() => train(data, { rank: 1, sweeps: 5, seed: 1 }).next()).toThrow(
      expect.objectContaining({
        code: 'MODEL_INPUT',
        message: `rating ${bad} in row 1 of the training matrix (reader 1, book 2) is not finite`,
      }),
    );
  });

  it('refuses to learn from nothing', () => {
    const none = { reader: new Int32Array(), book: new Int32Array(), value: new Float64Array() };
    const data = trainingDataOf({ ratings: none, readers: 2, books: 3 });
    expect(() => train(data, { rank: 1, sweeps: 5, seed: 1 }).next()).toThrow(
      expect.objectContaining({ code: 'MODEL_INPUT' }),
    );
  });

  it.each([
    {
      block: 'readers',
      break: (state: ModelState) => state.books.cov.fill(-1e6),
      row: 'row 1',
    },
    {
      block: 'books',
      break: (state: ModelState) => state.bookPrior.precision.mean.fill(NaN),
      row: 'row 0',
    },
  ])(
    'stops with sweep, block and row when a matrix breaks: $block',
    ({ block, row, ...broken }) => {
      const { state } = finished(train(DATA, { rank: 2, sweeps: 3, seed: 1 }));
      const training = continueTraining(state, 5);
      training.next();
      broken.break(state);
      expect(() => training.next()).toThrow(
        expect.objectContaining({
          code: 'NUMERICAL',
          message: expect.stringMatching(new RegExp(`^sweep 2, ${block}: .*${row}`)) as string,
        }),
      );
    },
  );

  it('stops with the sweep when a number overflows', () => {
    const state = startState(DATA, 1, 1);
    state.offset = 1e200;
    expect(() => continueTraining(state, 5).next()).toThrow(
      expect.objectContaining({
        code: 'NUMERICAL',
        message: expect.stringContaining('sweep 1') as string,
      }),
    );
  });
});

describe('relabelling', () => {
  /** The same data with reader u as readerTo[u] and book i as bookTo[i], rows in another order. */
  function relabelled(readerTo: readonly number[], bookTo: readonly number[]) {
    const { matrix } = DATA;
    const rows = Array.from(matrix.value.keys()).reverse();
    const families = (space: typeof DATA.readerLabels, to: readonly number[]) =>
      space.families.map((name, f) => {
        const own: number[][] = to.map(() => []);
        for (let n = 0; n < space.entities; n++) {
          for (let e = space.start[n]; e < space.start[n + 1]; e++) {
            const g = space.label[e];
            if (space.familyOf[g] === f) own[to[n]].push(g - space.familyStart[f]);
          }
        }
        return familyOf(name, space.familyStart[f + 1] - space.familyStart[f], own);
      });
    const { count, place } = DATA.directions;
    const moved = new Float32Array(place.length);
    bookTo.forEach((to, i) => {
      moved.set(place.subarray(i * count, (i + 1) * count), to * count);
    });
    return trainingDataOf({
      ratings: {
        reader: Int32Array.from(rows, (slot) => readerTo[matrix.reader[slot]]),
        book: Int32Array.from(rows, (slot) => bookTo[matrix.book[slot]]),
        value: Float64Array.from(rows, (slot) => matrix.value[slot]),
      },
      readers: matrix.readers,
      books: matrix.books,
      readerFamilies: families(DATA.readerLabels, readerTo),
      bookFamilies: families(DATA.bookLabels, bookTo),
      effectFamilies: families(DATA.effectLabels, bookTo),
      directions: { count, place: moved },
    });
  }

  it('changes the outcome by rounding only', () => {
    const rank = 2;
    const dim = rank + 1;
    const readerTo = Array.from({ length: 60 }, (_, u) => (7 * u + 3) % 60);
    const bookTo = Array.from({ length: 40 }, (_, i) => (3 * i + 2) % 40);
    const one = startState(DATA, rank, 9);
    const other = startState(relabelled(readerTo, bookTo), rank, 9);
    for (let i = 0; i < 40; i++) {
      other.books.mean.set(one.books.mean.subarray(i * dim, (i + 1) * dim), bookTo[i] * dim);
    }
    const [first, second] = [one, other].map((start) => finished(continueTraining(start, 6)).state);
    expect(first.dim).toBe(dim);
    for (let u = 0; u < 60; u++) {
      for (let d = 0; d < dim; d++) {
        const want = first.readers.mean[u * dim + d];
        expect(second.readers.mean[readerTo[u] * dim + d]).toBeCloseTo(want, 8);
      }
    }
    for (let i = 0; i < 40; i++) {
      for (let d = 0; d < dim; d++) {
        expect(second.books.mean[bookTo[i] * dim + d]).toBeCloseTo(
          first.books.mean[i * dim + d],
          8,
        );
      }
    }
  });
});

describe('held-out rows', () => {
  it('count only for readers with training rows, and are none by default', () => {
    const ratings = {
      reader: Int32Array.of(0, 1, 0),
      book: Int32Array.of(0, 0, 1),
      value: Float64Array.of(4, 9, 6),
    };
    const data = trainingDataOf({ ratings, readers: 3, books: 2, rows: Int32Array.of(0) });
    const heldOut = new HeldOutRows(ratings, Int32Array.of(1, 2), 3);
    const { reports, state } = finished(train(data, { rank: 0, sweeps: 1, seed: 1 }, heldOut));
    // one training rating of 4: the mean is 4, and nothing says otherwise of reader 0 and book 1
    expect(reports[0].heldOutRmse).toBeCloseTo(2, 10);
    expect(heldOut.searchSample(data)).toEqual(Int32Array.of(0));
    expect(searchError(state, poolFor(state, heldOut))).toBeCloseTo(4, 10);
    expect(searchError(state, poolFor(state))).toBe(Infinity);
    expect(sweepReaders(state)).toBeNull();
  });
});
