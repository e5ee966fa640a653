import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bookCovariance,
  denseReaderPosterior,
  designRow,
  dot,
  effectVariances,
  functionalOf,
} from '../testing/dense-reader.ts';
import type { DenseGaussian } from '../testing/dense-reader.ts';
import { randomBooks, randomTask } from '../testing/random-reader.ts';
import { BookFit } from './book-effects.ts';
import { addEffectSums, effectPosterior, emptyEffectSums, leaningMean } from './content-effects.ts';
import { NO_DIRECTIONS } from './directions.ts';
import { buildLabelSpace } from './label-space.ts';
import { seededRandom } from './random.ts';
import { PsiMoments } from './book-uncertainty.ts';
import { expectedSquares } from './reader-posterior.ts';
import { ReaderStep } from './reader-step.ts';
import type { BookSide } from './reader-step.ts';
import type { ReaderTask } from './reader-task.ts';

const BOOKS = 14;

interface Case {
  books: BookSide;
  task: ReaderTask;
  step: ReaderStep;
  dense: DenseGaussian;
}

/** Solves one random reader after another, who is forgotten, so that the workspace is not fresh. */
function solved(seed: number, rank: number, count: number): Case {
  const random = seededRandom(seed);
  const books = randomBooks(random, rank, BOOKS);
  const step = new ReaderStep(books);
  step.solve(randomTask(random, books, BOOKS));
  const task = randomTask(random, books, count);
  step.solve(task);
  return { books, task, step, dense: denseReaderPosterior(books, task) };
}

const anyCase = [
  fc.integer({ min: 0, max: 2 ** 32 }),
  fc.integer({ min: 0, max: 4 }),
  fc.integer({ min: 0, max: BOOKS - 1 }),
] as const;

function forAnyReader(check: (found: Case) => void): void {
  fc.assert(
    fc.property(...anyCase, (seed, rank, count) => {
      check(solved(seed, rank, count));
    }),
    { numRuns: 150 },
  );
}

function ratedBooks({ task }: Case): number[] {
  return Array.from(task.book.subarray(task.from, task.to));
}

describe('the posterior of a reader, against the dense one without elimination', () => {
  it('has the same mean and covariance of bias and factors', () => {
    forAnyReader(({ books, step, dense }) => {
      for (let a = 0; a < books.dim; a++) {
        expect(step.mean[a]).toBeCloseTo(dense.mean[a], 8);
        for (let b = 0; b < books.dim; b++) {
          expect(step.cov[a * step.size + b]).toBeCloseTo(dense.cov[a][b], 8);
        }
      }
    });
  });

  it('has the same mean and variance of each rating, and covariance with bias and factors', () => {
    forAnyReader((found) => {
      const { books, step, dense } = found;
      ratedBooks(found).forEach((book, k) => {
        const row = designRow(books, book);
        const { mean, variance } = functionalOf(dense, row);
        expect(step.fitMean[k]).toBeCloseTo(mean, 8);
        expect(step.fitVar[k]).toBeCloseTo(variance, 8);
        for (let a = 0; a < books.dim; a++) {
          expect(step.fitCov[k * books.dim + a]).toBeCloseTo(dot(dense.cov[a], row), 8);
        }
      });
    });
  });

  it('has the same determinant', () => {
    forAnyReader(({ books, step, dense }) => {
      const leanings = step.placement.count === 0 ? books.directions.count : 0;
      const unmet = effectVariances(books).reduce(
        (sum, variance, g) => (step.placement.times[g] === 0 ? sum - Math.log(variance) : sum),
        -leanings * Math.log(step.leaningVar),
      );
      expect(step.logDet + unmet).toBeCloseTo(dense.logDetPrecision, 8);
    });
  });

  it('has the same mean and variance of each effect that was met, whatever its group', () => {
    const groups = { single: 0, arm: 0, core: 0 };
    forAnyReader(({ books, step, dense }) => {
      for (const g of step.placement.touched) {
        const { mean, variance } = effectPosterior(step, g);
        expect(mean).toBeCloseTo(dense.mean[books.dim + g], 8);
        expect(variance).toBeCloseTo(dense.cov[books.dim + g][books.dim + g], 8);
        if (step.placement.times[g] === 1) groups.single++;
        else groups[step.placement.place[g] < 0 ? 'arm' : 'core']++;
      }
    });
    for (const times of Object.values(groups)) expect(times).toBeGreaterThan(50);
  });

  it('has the same mean of each leaning', () => {
    forAnyReader(({ books, step, dense }) => {
      const own = leaningMean(step);
      expect(own).toHaveLength(2);
      own.forEach((mean, a) => {
        expect(mean).toBeCloseTo(dense.mean[books.dim + books.labels.familyOf.length + a], 8);
      });
    });
  });

  it.each([1, 9])('sums the second moments of the effects by family, %d ratings', (count) => {
    const { books, step, dense } = solved(5, 2, count);
    const sums = emptyEffectSums(4);
    addEffectSums(step, sums);
    addEffectSums(step, sums);
    const labels = books.labels.familyOf.length;
    for (let f = 0; f < 4; f++) {
      const met =
        f === 3
          ? [labels, labels + 1]
          : step.placement.touched.filter((g) => books.labels.familyOf[g] === f);
      const variances = met.map((g) => dense.cov[books.dim + g][books.dim + g]);
      const squares = met.map((g, n) => dense.mean[books.dim + g] ** 2 + variances[n]);
      expect(sums.met[f]).toBe(2 * met.length);
      expect(sums.variances[f]).toBeCloseTo(2 * variances.reduce((a, b) => a + b, 0), 8);
      expect(sums.squares[f]).toBeCloseTo(2 * squares.reduce((a, b) => a + b, 0), 8);
    }
  });

  it('has the same mean and variance of any book that was not rated', () => {
    forAnyReader((found) => {
      const { books, step, dense } = found;
      const fit = new BookFit(step);
      const rated = new Set(ratedBooks(found));
      for (let book = 0; book < BOOKS; book++) {
        if (rated.has(book)) continue;
        const want = functionalOf(dense, designRow(books, book));
        fit.lookAt(book);
        expect(fit.mean).toBeCloseTo(want.mean, 8);
        expect(fit.variance).toBeCloseTo(want.variance, 8);
      }
    });
  });

  it('has the same expected squares and book variances', () => {
    forAnyReader((found) => {
      const { books, task, step, dense } = found;
      const moments = new PsiMoments(books).take(step);
      let squares = 0;
      ratedBooks(found).forEach((book, k) => {
        const cov = bookCovariance(books, book);
        const psi = [1, ...dense.mean.slice(1, books.dim)];
        let spread = dot(
          psi,
          cov.map((line) => dot(line, psi)),
        );
        for (let a = 1; a < books.dim; a++) {
          for (let b = 1; b < books.dim; b++) spread += dense.cov[a][b] * cov[a][b];
        }
        expect(moments.bookVariance(book)).toBeCloseTo(spread, 8);
        const { mean, variance } = functionalOf(dense, designRow(books, book));
        const rest = task.value[task.from + k] - task.offset - books.mean[book * books.dim] - mean;
        squares += books.precision[book] * (rest * rest + variance + spread);
      });
      expect(expectedSquares(step, moments)).toBeCloseTo(squares, 6);
    });
  });

  it('is the prior for a reader without ratings', () => {
    const { books, task, step, dense } = solved(11, 3, 0);
    const prior = Array.from(task.priorMean.subarray(task.priorAt, task.priorAt + books.dim));
    prior.forEach((mean, a) => {
      expect(step.mean[a]).toBeCloseTo(mean, 10);
    });
    const row = designRow(books, 3);
    const fit = new BookFit(step);
    fit.lookAt(3);
    expect(fit.variance).toBeCloseTo(functionalOf(dense, row).variance, 10);
    expect(expectedSquares(step, new PsiMoments(books).take(step))).toBe(0);
  });
});

/** Books without labels, of rank `mean[0].length` - 1. */
function plainBooks(mean: number[][], cov: number[][], precision: number[]): BookSide {
  return {
    dim: mean[0].length,
    mean: Float64Array.from(mean.flat()),
    cov: Float64Array.from(cov.flat()),
    precision: Float64Array.from(precision),
    labels: buildLabelSpace(mean.length, []),
    effectVar: new Float64Array(0),
    directions: NO_DIRECTIONS,
  };
}

describe('small cases', () => {
  it('is the shrunk mean for one reader and one book of known bias', () => {
    const step = new ReaderStep(plainBooks([[0.5]], [[0]], [1]));
    step.solve({
      book: Int32Array.of(0),
      value: Float64Array.of(9),
      from: 0,
      to: 1,
      offset: 7,
      precision: 3,
      priorMean: Float64Array.of(0.2),
      priorAt: 0,
      priorPrecision: Float64Array.of(2),
    });
    // (2 x 0.2 + 3 x (9 - 7 - 0.5)) / (2 + 3)
    expect(step.mean[0]).toBeCloseTo(0.98, 12);
    expect(step.cov[0]).toBeCloseTo(0.2, 12);
    expect(step.logDet).toBeCloseTo(Math.log(5), 12);
  });

  it('splits a rating between the bias and an effect that is met once', () => {
    const labels = buildLabelSpace(1, [
      { name: 'author', labels: ['a'], offsets: Int32Array.of(0, 1), indices: Int32Array.of(0) },
    ]);
    const books = { ...plainBooks([[0]], [[0]], [1]), labels, effectVar: Float64Array.of(2) };
    const step = new ReaderStep(books);
    step.solve({
      book: Int32Array.of(0),
      value: Float64Array.of(3),
      from: 0,
      to: 1,
      offset: 0,
      precision: 1,
      priorMean: Float64Array.of(0),
      priorAt: 0,
      priorPrecision: Float64Array.of(1),
    });
    // prior variances 1 and 2, noise 1: shares of 3 are 1/4 and 2/4
    expect(step.mean[0]).toBeCloseTo(0.75, 12);
    expect(effectPosterior(step, 0)).toEqual({
      mean: expect.closeTo(1.5, 12) as number,
      variance: expect.closeTo(1, 12) as number,
    });
  });

  it('equals the exact coordinate posterior of two books by quadrature', () => {
    // q(z) is proportional to prior(z) exp E_w[ln p(r | z, w)]; both integrals on a grid
    const books = plainBooks(
      [
        [0.3, 0.8],
        [-0.4, 1.1],
      ],
      [
        [0.2, 0.05, 0.1],
        [0.3, -0.1, 0.25],
      ],
      [1.2, 0.7],
    );
    const task: ReaderTask = {
      book: Int32Array.of(0, 1),
      value: Float64Array.of(1.5, -0.5),
      from: 0,
      to: 2,
      offset: 0.2,
      precision: 0.9,
      priorMean: Float64Array.of(0.1, -0.2),
      priorAt: 0,
      priorPrecision: Float64Array.of(1.5, 0.3, 0.3, 1.1),
    };
    const step = new ReaderStep(books);
    step.solve(task);
    const { mean, cov } = gridMoments((b, p) => logJoint(books, task, b, p));
    expect(step.mean[0]).toBeCloseTo(mean[0], 6);
    expect(step.mean[1]).toBeCloseTo(mean[1], 6);
    [cov[0][0], cov[0][1], cov[1][0], cov[1][1]].forEach((want, at) => {
      expect(step.cov[at]).toBeCloseTo(want, 6);
    });
  });

  it('keeps the workspace right for a reader with very many ratings', () => {
    const random = seededRandom(2);
    const books = randomBooks(random, 2, 300);
    const step = new ReaderStep(books);
    for (const count of [1, 260, 3]) {
      const task = randomTask(random, books, count);
      step.solve(task);
      const dense = denseReaderPosterior(books, task);
      expect(step.mean[1]).toBeCloseTo(dense.mean[1], 8);
      expect(step.fitVar[count - 1]).toBeCloseTo(
        functionalOf(dense, designRow(books, task.book[task.to - 1])).variance,
        8,
      );
    }
  });

  it('throws where the precision is not positive definite', () => {
    const { task, step } = solved(3, 1, 4);
    const broken = { ...task, priorPrecision: Float64Array.of(1, 0, 0, NaN) };
    expect(() => {
      step.solve(broken);
    }).toThrow(expect.objectContaining({ code: 'NUMERICAL' }));
  });
});

/** ln prior(z) + sum of E_w[ln p(r | z, w)] by nine-point quadrature over each book's (c, q). */
function logJoint(books: BookSide, task: ReaderTask, b: number, p: number): number {
  const [m0, m1] = task.priorMean;
  const [l00, l01, , l11] = task.priorPrecision;
  let sum = -0.5 * (l00 * (b - m0) ** 2 + 2 * l01 * (b - m0) * (p - m1) + l11 * (p - m1) ** 2);
  for (let k = 0; k < 2; k++) {
    const [t00, t01, t11] = books.cov.subarray(3 * k, 3 * k + 3);
    const root = Math.sqrt(t00);
    const rest = Math.sqrt(t11 - (t01 * t01) / t00);
    for (const [x, wx] of HERMITE) {
      for (const [y, wy] of HERMITE) {
        const c = books.mean[2 * k] + root * x;
        const q = books.mean[2 * k + 1] + (t01 / root) * x + rest * y;
        const miss = task.value[k] - task.offset - b - c - p * q;
        sum -= 0.5 * wx * wy * task.precision * books.precision[k] * miss * miss;
      }
    }
  }
  return sum;
}

/** Gauss and Hermite's three points for N(0, 1). */
const HERMITE = [
  [-Math.sqrt(3), 1 / 6],
  [0, 2 / 3],
  [Math.sqrt(3), 1 / 6],
] as const;

function gridMoments(logDensity: (b: number, p: number) => number) {
  let mass = 0;
  const first = [0, 0];
  const second = [0, 0, 0];
  for (let b = -6; b <= 6; b += 0.05) {
    for (let p = -6; p <= 6; p += 0.05) {
      const density = Math.exp(logDensity(b, p));
      mass += density;
      first[0] += density * b;
      first[1] += density * p;
      second[0] += density * b * b;
      second[1] += density * b * p;
      second[2] += density * p * p;
    }
  }
  const mean = first.map((x) => x / mass);
  const off = second[1] / mass - mean[0] * mean[1];
  return {
    mean,
    cov: [
      [second[0] / mass - mean[0] ** 2, off],
      [off, second[2] / mass - mean[1] ** 2],
    ],
  };
}
