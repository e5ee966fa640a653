import { describe, expect, it } from 'vitest';
import { randomTraining } from '../../testing/random-training.ts';
import { HeldOutRows } from './held-out-rows.ts';
import { encodeModel } from '../../store/model-codec.ts';
import { randomModel } from '../../testing/random-model.ts';
import { seededRandom } from '../../model/random.ts';
import {
  assertRoom,
  listBytes,
  type Load,
  memoryBudget,
  stateBytesEach,
  THREAD_BYTES,
  trainingBytes,
} from './memory.ts';
import { startState } from './model-state.ts';
import { gpuKernelBytes, gpuKernelFor, longestOf } from './gpu/gpu-kernel.ts';
import { kernelBytes, kernelFor } from './kernel/kernel.ts';
import { sweepDataOf } from './sweep-data.ts';

const DATA = randomTraining({ seed: 1, readers: 900, books: 500, density: 0.05 });
const LOAD: Load = {
  readers: 900,
  books: 500,
  ratings: DATA.matrix.size,
  hasContent: true,
  isLatent: false,
  linkLabels: 0,
  links: 0,
  ties: 0,
  gpu: null,
  candidates: 0,
  threads: 1,
};
const MIB = 2 ** 20;

/** Bytes of all arrays that hang on a value, each buffer once. */
function arrayBytes(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
  seen.add(value);
  if (ArrayBuffer.isView(value)) {
    if (seen.has(value.buffer)) return 0;
    seen.add(value.buffer);
    return value.buffer.byteLength;
  }
  return Object.values(value).reduce((sum: number, part) => sum + arrayBytes(part, seen), 0);
}

describe('memory', () => {
  it.each([1, 9, 17])('is stated as a state of %i numbers lays it out', (dim) => {
    const state = startState(DATA, dim - 1, 1);
    const { readerLabels, bookLabels, effectLabels, directions } = DATA;
    const given = arrayBytes([readerLabels, bookLabels, effectLabels, directions]);
    const measured = arrayBytes([state, sweepDataOf(state, HeldOutRows.none, null)]) - given;
    const { rating, row } = stateBytesEach(dim, {
      hasContent: effectLabels.families.length > 0,
      isLatent: false,
    });
    const stated = DATA.matrix.size * rating + (900 + 500) * row;
    expect(measured / stated).toBeGreaterThan(1);
    // the labels' effects, row starts and chunks are what is not stated
    expect(measured / stated).toBeLessThan(1.1);
    const needs = { isShifted: false, isLatent: false };
    const kernel = kernelFor(DATA.matrix, dim, needs);
    expect(kernel?.memory.buffer.byteLength).toBeLessThan(
      kernelBytes(DATA.matrix, dim, needs) + 2 ** 17,
    );
  });

  it.each([true, false])('beside a GPU is stated as it is laid out (shifts: %s)', (isShifted) => {
    const needs = { isShifted, isLatent: false, threads: 3 };
    const kernel = gpuKernelFor(DATA.matrix, 9, needs, new Int32Array(1));
    const size = { ...DATA.matrix, longest: longestOf(DATA.matrix) };
    const [boxes, ratings] = [kernel.boxes, kernel.bookRatings].map((part) => arrayBytes(part));
    const stated = gpuKernelBytes(size, 9, needs);
    // each box once more with the driver; their controls are what is not stated
    expect(2 * boxes + ratings - stated).toBeGreaterThanOrEqual(0);
    expect(2 * boxes + ratings - stated).toBeLessThan(1000);
    const gpu = { threads: 3, longest: size.longest };
    const saved = trainingBytes(LOAD, 9) - trainingBytes({ ...LOAD, gpu }, 9);
    const inWasm = kernelBytes(DATA.matrix, 9, { isShifted: true, isLatent: false });
    const beside = gpuKernelBytes(size, 9, { isShifted: true, isLatent: false, threads: 3 });
    expect(saved).toBe(2 * (inWasm - beside));
  });

  it('of a model and its artefact is within what is stated for each list thread', () => {
    const books = 400;
    const model = randomModel(seededRandom(1), 8, books);
    const artefact = encodeModel(model);
    const { ties, ...numbers } = { ...model.books, ties: model.interest.ties };
    const load = { ...LOAD, books, ties: ties.book.length };
    const perThread = listBytes({ ...load, threads: 2 }, 9) - listBytes(load, 9);
    const measured = artefact.length + arrayBytes([numbers, model.bookNoise, model.listed]);
    expect(measured).toBeLessThan(perThread - THREAD_BYTES);
    expect(measured).toBeGreaterThan(0.6 * (perThread - THREAD_BYTES));
  });

  it('that only the lists need is counted too', () => {
    const load = { ...LOAD, threads: 16 };
    expect(trainingBytes(load, 9)).toBeLessThan(100 * MIB);
    expect(() => {
      assertRoom(memoryBudget(500), load, 9, 100 * MIB);
    }).toThrow(expect.objectContaining({ code: 'MEMORY_TOO_SMALL' }));
  });

  it('that is too small is an error with the number needed', () => {
    const load = { ...LOAD, ratings: 2e6 };
    const needed = Math.ceil((100 * MIB + trainingBytes(load, 9)) / MIB);
    const room = (mib: number) => {
      assertRoom(memoryBudget(mib), load, 9, 100 * MIB);
    };
    expect(() => {
      room(needed);
    }).not.toThrow();
    expect(() => {
      room(needed - 1);
    }).toThrow(
      expect.objectContaining({
        code: 'MEMORY_TOO_SMALL',
        message: expect.stringMatching(
          `900 readers and 500 books with 8 factors and lists on 1 threads needs about ${needed} MiB, and --memory-budget is ${needed - 1} MiB`,
        ) as unknown,
      }),
    );
  });
});
