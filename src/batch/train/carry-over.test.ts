import { seededRandom } from '../../model/random.ts';
import { randomInterest } from '../../testing/random-model.ts';
import { describe, expect, it } from 'vitest';
import { packedSize } from '../../model/cholesky.ts';
import { plainLevelMap, plainScale } from '../../model/level-map.ts';
import { ModelRecommender } from '../../model/model-recommender.ts';
import type { ReaderInput } from '../../model/recommender.ts';
import { wishart } from '../../model/wishart.ts';
import { finished, plantedFactors } from '../../testing/planted.ts';
import { randomTraining } from '../../testing/random-training.ts';
import { carryOver } from './carry-over.ts';
import { startState } from './model-state.ts';
import type { ModelState } from './model-state.ts';
import { trainedModelOf } from './trained-model-of.ts';
import { continueTraining } from './trainer.ts';

const DATA = randomTraining({ seed: 8, readers: 30, books: 20, density: 0.6 });
const INPUT: ReaderInput = {
  labels: Uint32Array.of(1),
  ratedBook: Uint32Array.of(3, 7, 11),
  ratedValue: [9, 4, 6],
  unratedBook: Uint32Array.of(2),
};

function modelOf(state: ModelState) {
  const families = state.data.readerLabels.families.map((name, f) => ({
    name,
    labels: Array.from(
      state.data.readerLabels.familyOf.filter((of) => of === f),
      (_, g) => `${g}`,
    ),
    offsets: new Int32Array(),
    indices: new Int32Array(),
  }));
  const levels = Float64Array.from({ length: 10 }, (_, l) => l + 1);
  const { books } = state.data.matrix;
  return trainedModelOf(
    state,
    families,
    new Uint8Array(books).fill(1),
    plainLevelMap(plainScale(levels)),
  );
}

function predictions(state: ModelState) {
  const books = Uint32Array.from({ length: 20 }, (_, i) => i).filter(
    (i) => ![3, 7, 11].includes(i),
  );
  const model = modelOf(state);
  const interest = randomInterest(
    seededRandom(1),
    model.listed.length,
    model.books.labels.families,
  );
  return new ModelRecommender({ ...model, interest })
    .predict(INPUT, books)
    .map(({ mean, varReader, varBook, varNoise }) => [mean, varReader, varBook, varNoise]);
}

/** A state with factors that are alive, without the pruning of dead ones. */
function state(): ModelState {
  const from = startState(DATA, 3, 5);
  for (let i = 0; i < from.books.mean.length; i++) {
    if (i % 4 > 0) from.books.mean[i] *= 10;
  }
  const training = continueTraining(from, 2);
  training.next();
  training.next();
  return from;
}

describe('carrying a state over', () => {
  it('with all factors answers as before', () => {
    const old = state();
    expect(predictions(carryOver(old, DATA, [1, 2, 3]))).toEqual(predictions(old));
  });

  it('copies what it keeps', () => {
    const old = state();
    const kept = carryOver(old, DATA, [1, 2, 3]);
    kept.books.mean.fill(0);
    kept.readerPrior.effect.fill(0);
    kept.tau.rate = 1;
    expect(old.books.mean.some((x) => x !== 0)).toBe(true);
    expect(old.readerPrior.effect.some((x) => x !== 0)).toBe(true);
    expect(old.tau.rate).not.toBe(1);
  });

  it('without a dead factor answers as before', () => {
    const old = state();
    silence(old, 2);
    const next = carryOver(old, DATA, [1, 3]);
    expect(next.dim).toBe(3);
    const want = predictions(old);
    predictions(next).forEach((row, n) => {
      row.forEach((value, column) => {
        expect(value).toBeCloseTo(want[n][column], 6);
      });
    });
  });

  it('goes on from where it was on more rows', () => {
    const { data, heldOut, noiseRmse } = plantedFactors(3, 2);
    const first = finished(continueTraining(startState(data, 2, 1), 40, heldOut));
    const factors = Array.from({ length: first.state.dim - 1 }, (_, k) => k + 1);
    const next = finished(continueTraining(carryOver(first.state, data, factors), 1, heldOut));
    expect(next.reports[0].heldOutRmse).toBeLessThan(1.2 * noiseRmse);
  });
});

/** Makes factor k of the books certainly zero, and independent of all else in the prior of the readers. */
function silence(state: ModelState, k: number): void {
  const { dim, books, readerPrior, bookPrior } = state;
  for (let i = 0; i < books.active.length; i++) {
    books.mean[i * dim + k] = 0;
    for (let a = 0; a < dim; a++) {
      const [high, low] = [Math.max(a, k), Math.min(a, k)];
      books.cov[i * packedSize(dim) + packedSize(high) + low] = 0;
    }
  }
  for (const prior of [readerPrior, bookPrior]) {
    const { dof, inverseScale } = prior.precision;
    const scale = inverseScale.slice();
    for (let a = 0; a < dim; a++) if (a !== k) scale[a * dim + k] = scale[k * dim + a] = 0;
    prior.precision = wishart(dim, dof, scale);
  }
}
