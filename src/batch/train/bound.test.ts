import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomTraining } from '../../testing/random-training.ts';
import { elbo } from './bound.ts';
import { sweepBooks } from './book-sweep.ts';
import { startState } from './model-state.ts';
import type { ModelState } from './model-state.ts';
import { updateShapes, updateTau } from './noise.ts';
import { sweepReaders } from './reader-sweep.ts';

const BLOCKS: Readonly<Record<string, (state: ModelState) => void>> = {
  readers: (state) => {
    sweepReaders(state);
  },
  'prior of the readers': (state) => {
    state.readerPrior.update(state.readers);
  },
  books: sweepBooks,
  'prior of the books': (state) => {
    state.bookPrior.update(state.books);
  },
  tau: updateTau,
  shapes: updateShapes,
};

const anyTraining = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 32 }),
  readers: fc.integer({ min: 1, max: 25 }),
  books: fc.integer({ min: 1, max: 20 }),
  density: fc.double({ min: 0.05, max: 1, noNaN: true }),
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
        const state = startState(randomTraining(training), rank, training.seed);
        sweepReaders(state);
        expectNoFall(state, Array.from({ length: 12 }, () => Object.keys(BLOCKS)).flat());
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
        const state = startState(randomTraining(training), rank, training.seed);
        sweepReaders(state);
        expectNoFall(state, blocks);
      }),
      { numRuns: 60 },
    );
  });

  it.each([0, 3])('stays where no block can raise it, at rank %d', (rank) => {
    const data = randomTraining({ seed: 9, readers: 12, books: 9, density: 0.6 });
    const state = startState(data, rank, 1);
    for (let sweep = 0; sweep < 3000; sweep++) {
      for (const update of Object.values(BLOCKS)) update(state);
    }
    const converged = elbo(state);
    for (const [block, update] of Object.entries(BLOCKS)) {
      update(state);
      expect(Math.abs(elbo(state) - converged), block).toBeLessThan(1e-5);
    }
  });
});
