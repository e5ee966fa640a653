import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomTraining } from '../../testing/random-training.ts';
import type { RandomTraining } from '../../testing/random-training.ts';
import { normalDraw, seededRandom } from '../../model/random.ts';
import { packedSize } from '../../model/cholesky.ts';
import { gammaMean } from '../../model/gamma.ts';
import { NormalCell } from '../../model/normal-cell.ts';
import { expectedSquare } from '../../model/reference-row-step.ts';
import { wishart } from '../../model/wishart.ts';
import { plantedFactors } from '../../testing/planted.ts';
import { elbo } from './bound.ts';
import { sweepBooks } from './book-sweep.ts';
import { startState } from './model-state.ts';
import type { ModelState } from './model-state.ts';
import { sweepLatent } from './latent-sweep.ts';
import { updateShapes, updateTau } from './noise.ts';
import { sweepReaders } from './reader-sweep.ts';
import { rowSidesOf, sweepDataOf } from './sweep-data.ts';
import { SweepPool } from './sweep-pool.ts';
import { HeldOutRows } from './held-out-rows.ts';
import { kernelFor } from './kernel/kernel.ts';

const BLOCKS: Readonly<Record<string, (state: ModelState) => void>> = {
  readers: (state) => {
    sweepReaders(state);
  },
  'prior of the readers': (state) => {
    state.readerPrior.update(state.readers);
  },
  'latent ratings': sweepLatent,
  books: sweepBooks,
  'prior of the books': (state) => {
    state.bookPrior.update(state.books);
  },
  tau: updateTau,
  shapes: updateShapes,
};

/** A state whose factors are alive from the start: next to zero they hide what is wrong with them. */
function livelyState(training: RandomTraining, rank: number): ModelState {
  const state = startState(randomTraining(training), rank, training.seed);
  const random = seededRandom(training.seed);
  const { mean } = state.books;
  for (let i = 0; i < mean.length; i++) if (i % state.dim > 0) mean[i] = normalDraw(random);
  sweepReaders(state);
  // a latent rating that is taken for its score has no entropy
  sweepLatent(state);
  return state;
}

const anyTraining = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 }),
  readers: fc.integer({ min: 1, max: 25 }),
  books: fc.integer({ min: 1, max: 20 }),
  density: fc.double({ min: 0.05, max: 1, noNaN: true }),
  isLatent: fc.boolean(),
});

/** Runs the blocks in the given order and fails where the bound falls by more than rounding. */
function expectNoFall(state: ModelState, blocks: readonly string[]): void {
  let before = elbo(state);
  for (const block of blocks) {
    BLOCKS[block](state);
    const after = elbo(state);
    expect(after, block).toBeGreaterThanOrEqual(before - 1e-9 * Math.abs(before));
    before = after;
  }
}

describe('the bound', () => {
  it('never falls in the order of training', () => {
    fc.assert(
      fc.property(anyTraining, fc.integer({ min: 0, max: 4 }), (training, rank) => {
        const state = livelyState(training, rank);
        expectNoFall(state, Array.from({ length: 30 }, () => Object.keys(BLOCKS)).flat());
      }),
      { numRuns: 60 },
    );
  });

  it('never falls in any order of the blocks', () => {
    const order = fc.array(fc.constantFrom(...Object.keys(BLOCKS)), {
      minLength: 30,
      maxLength: 30,
    });
    fc.assert(
      fc.property(anyTraining, fc.integer({ min: 0, max: 4 }), order, (training, rank, blocks) => {
        const state = livelyState(training, rank);
        expectNoFall(state, blocks);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the bound with compact records', () => {
  /** Sweeps on many ratings of planted factors of unlike strength; the bound after each. */
  function bounds(wide: boolean): { bounds: number[]; state: ModelState } {
    const { data } = plantedFactors(4, 6, { readers: 300, books: 120, density: 0.3, sd: 0.6 });
    const state = startState(data, 8, 1);
    const pool = new SweepPool(1);
    const needs = { isShifted: false, isLatent: false };
    pool.use(sweepDataOf(state, HeldOutRows.none, kernelFor(data.matrix, state.dim, needs, wide)));
    const sweep = (): number => {
      sweepReaders(state, pool);
      state.readerPrior.update(state.readers);
      sweepBooks(state, pool);
      state.bookPrior.update(state.books);
      updateTau(state);
      updateShapes(state);
      return elbo(state);
    };
    return { bounds: Array.from({ length: 40 }, sweep), state };
  }

  it('rises as with f64 records, but for 1e-6 of it, to the same end within 1e-5', () => {
    const [want, got] = [bounds(true), bounds(false)];
    got.bounds.forEach((after, n) => {
      expect(after, `sweep ${n}`).toBeGreaterThan(
        (got.bounds[n - 1] ?? -Infinity) - 1e-6 * Math.abs(after),
      );
    });
    const [last, exact] = [got.bounds, want.bounds].map((all) => all[all.length - 1]);
    expect(Math.abs(last / exact - 1)).toBeLessThan(1e-5);
    expect(got.state.tau.rate / want.state.tau.rate).toBeCloseTo(1, 4);
  });
});

/** The bound with the squares of the ratings taken afresh, for posteriors that were moved by hand. */
function movedBound(state: ModelState): number {
  const { matrix } = state.data;
  const { readers, books } = state;
  const { books: side } = rowSidesOf(state);
  state.squares = 0;
  for (let slot = 0; slot < matrix.size; slot++) {
    const [u, i] = [matrix.reader[slot], matrix.book[slot]];
    const latent = state.latent?.variance[slot] ?? 0;
    const square = latent + expectedSquare(side, i, slot, matrix.value[slot] - state.offset);
    state.squares += readers.precision[u] * books.precision[i] * square;
  }
  return elbo(state);
}

/** Fails if the bound is higher a small step to either side; `move(-step)` must undo `move(step)`. */
function expectTop(state: ModelState, name: string, move: (step: number) => void): void {
  const top = movedBound(state);
  for (const step of [1e-3, -1e-3]) {
    move(step);
    expect(movedBound(state), `${name} ${step}`).toBeLessThanOrEqual(top + 1e-10 * Math.abs(top));
    move(-step);
  }
}

function expectPriorTop(state: ModelState, side: 'reader' | 'book'): void {
  const prior = side === 'reader' ? state.readerPrior : state.bookPrior;
  for (const name of ['intercept', 'effect'] as const) {
    prior[name].forEach((_, at) => {
      expectTop(state, `${side} ${name} ${at}`, (step) => {
        prior[name][at] += step;
        prior.rebuildMeans();
      });
    });
  }
  prior.effectVar.forEach((_, at) => {
    expectTop(state, `${side} variance of effect ${at}`, (step) => {
      prior.effectVar[at] *= Math.exp(step);
    });
  });
  for (const [at, ridge] of prior.ridge.entries()) {
    expectTop(state, `${side} rate of ridge ${at}`, (step) => {
      ridge.rate *= Math.exp(step);
    });
    expectTop(state, `${side} shape of ridge ${at}`, (step) => {
      ridge.shape *= Math.exp(step);
    });
  }
  for (let at = 0; at < state.dim ** 2; at++) {
    const [a, b] = [Math.floor(at / state.dim), at % state.dim];
    expectTop(state, `${side} precision ${at}`, (step) => {
      const { dof, inverseScale } = prior.precision;
      const scale = inverseScale.slice();
      scale[at] += step;
      if (a !== b) scale[b * state.dim + a] += step;
      prior.precision = wishart(state.dim, dof, scale);
    });
  }
}

const TOPS: Readonly<Record<keyof typeof BLOCKS, (state: ModelState) => void>> = {
  readers: (state) => {
    const { matrix } = state.data;
    const { mean, shift, precision } = state.readers;
    for (let u = 0; u < matrix.readers; u++) {
      if (state.readers.active[u] === 0) continue;
      for (let a = 0; a < state.dim; a++) {
        expectTop(state, `reader ${u} mean ${a}`, (step) => {
          mean[u * state.dim + a] += step;
          if (a > 0) return;
          if (shift === null) return;
          for (let s = matrix.readerStart[u]; s < matrix.readerStart[u + 1]; s++) {
            shift.mean[s] += step;
          }
        });
      }
      expectTop(state, `reader ${u} precision`, (step) => {
        precision[u] *= Math.exp(step);
      });
    }
  },
  'prior of the readers': (state) => {
    expectPriorTop(state, 'reader');
  },
  'latent ratings': (state) => {
    const { latent, readers, books, data, dim, offset } = state;
    const { matrix } = data;
    if (latent === null) throw new RangeError('no rating is latent');
    const { edges, cell, variance } = latent;
    const normal = new NormalCell();
    for (let slot = 0; slot < matrix.size; slot++) {
      const [w, z] = [matrix.book[slot] * dim, matrix.reader[slot] * dim];
      let fit = offset + books.mean[w] + (readers.shift?.mean[slot] ?? readers.mean[z]);
      for (let a = 1; a < dim; a++) fit += readers.mean[z + a] * books.mean[w + a];
      const weight = readers.precision[matrix.reader[slot]] * books.precision[matrix.book[slot]];
      const sd = 1 / Math.sqrt(gammaMean(state.tau) * weight);
      const l = cell[slot];
      const low = l === 0 ? -Infinity : edges[l - 1];
      const high = l === edges.length ? Infinity : edges[l];
      expectTop(state, `rating ${slot}`, (step) => {
        normal.take(fit, sd, low, high);
        latent.entropy -= normal.entropy;
        fit += step;
        normal.take(fit, sd, low, high);
        latent.entropy += normal.entropy;
        matrix.value[slot] = normal.mean;
        variance[slot] = normal.variance;
      });
    }
  },
  books: (state) => {
    const { mean, cov, precision } = state.books;
    const packed = packedSize(state.dim);
    for (let i = 0; i < precision.length; i++) {
      if (state.books.active[i] === 0) continue;
      for (let a = 0; a < state.dim; a++) {
        expectTop(state, `book ${i} mean ${a}`, (step) => {
          mean[i * state.dim + a] += step;
        });
      }
      expectTop(state, `book ${i} covariance`, (step) => {
        for (let t = i * packed; t < (i + 1) * packed; t++) cov[t] *= Math.exp(step);
        state.bookLogDet -= state.dim * step;
      });
      expectTop(state, `book ${i} precision`, (step) => {
        precision[i] *= Math.exp(step);
      });
    }
  },
  'prior of the books': (state) => {
    expectPriorTop(state, 'book');
  },
  tau: (state) => {
    for (const name of ['shape', 'rate'] as const) {
      expectTop(state, `tau ${name}`, (step) => {
        state.tau[name] *= Math.exp(step);
      });
    }
  },
  shapes: (state) => {
    for (const shape of [state.readerShape, state.bookShape]) {
      expectTop(state, 'shape', (step) => {
        shape.prior *= Math.exp(step);
      });
    }
  },
};

describe('each block, updated until it rests', () => {
  it.each(Object.keys(BLOCKS).flatMap((block) => [0, 3].map((rank) => ({ block, rank }))))(
    'is at the top of the bound: $block, rank $rank',
    ({ block, rank }) => {
      const isLatent = rank > 0 || block === 'latent ratings';
      const state = livelyState({ seed: 9, readers: 12, books: 9, density: 0.6, isLatent }, rank);
      for (let sweep = 0; sweep < 8; sweep++) {
        for (const update of Object.values(BLOCKS)) update(state);
      }
      for (let pass = 0; pass < 400; pass++) BLOCKS[block](state);
      TOPS[block](state);
    },
  );
});
