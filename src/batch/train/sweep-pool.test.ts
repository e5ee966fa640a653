import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { finished, plantedEffects, plantedSparseFactors } from '../../testing/planted.ts';
import { environment } from '../../runtime/environment.ts';
import { AppError } from '../../runtime/errors.ts';
import { kernelFor, moduleOf } from './kernel/kernel.ts';
import { type ModelState, startState } from './model-state.ts';
import { poolFor } from './reader-sweep.ts';
import { sweepDataOf, sweepNumbersOf } from './sweep-data.ts';
import type { SweepKind } from './sweep-data.ts';
import { SweepPool, threadsFor } from './sweep-pool.ts';
import type { SweepMessage } from './sweep-pool.ts';
import { newJob, SweepThread, waitForAll } from './sweep-thread.ts';
import type { SweepJob } from './sweep-thread.ts';
import { train } from './trainer.ts';

/** Some chunks of readers and of books, the last ones not full. */
const { data, heldOut } = plantedEffects(1, 600, 280);
/** Without content effects readers take the row step of the books. */
const plain = plantedSparseFactors(1, 2);
/** The same with ratings that are known by their cells alone. */
const latent = { ...plain, data: { ...plain.data, edges: Float64Array.of(3, 5.5, 6, 8) } };
const ALL = [{ data, heldOut }, plain, latent];
const KINDS: readonly SweepKind[] = ['search', 'readers', 'books'];

const ends: Array<() => Promise<unknown>> = [];
afterEach(async () => {
  await Promise.all(ends.splice(0).map((end) => end()));
});

function poolOf(threads: number): SweepPool {
  const pool = new SweepPool(threads);
  ends.push(() => pool.close());
  return pool;
}

/** All numbers of a state that sweeps and updates write. */
function numbersOf(state: ModelState) {
  const { readers, books, effects, tau, readerShape, bookShape } = state;
  const priors = [state.readerPrior, state.bookPrior].map((prior) => [
    prior.mean,
    prior.effect,
    prior.precision.mean,
  ]);
  const sides = [readers, books].map(({ mean, cov, precision }) => [mean, cov, precision]);
  const shifts = [readers.shift, books.effectVar];
  const sums = [state.readerLogDet, state.bookLogDet, state.squares];
  const values = [state.data.matrix.value, state.latent];
  return { values, sides, shifts, priors, effects, tau, readerShape, bookShape, sums };
}

/** A worker that has the data, and the port to it. */
function workerWith(state: ModelState) {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./sweep-worker.ts', import.meta.url), {
    workerData: { port: port2 },
    transferList: [port2],
  });
  ends.push(() => worker.terminate());
  const send = (message: SweepMessage): void => {
    port1.postMessage(message);
  };
  const swept = sweepDataOf(state, heldOut);
  send({ data: swept });
  return {
    port: port1,
    does: (kind: SweepKind): SweepJob => {
      const job = newJob(kind, sweepNumbersOf(state), swept);
      send({ job });
      waitForAll(job, swept.chunks[kind].order.length);
      return job;
    },
  };
}

function lively(): ModelState {
  return finished(train(data, { rank: 2, sweeps: 2, seed: 1 })).state;
}

const OPTIONS = { rank: 2, sweeps: 6, seed: 1 };
let trained: Array<ReturnType<typeof finished>> | null = null;

/** The trainings on one thread, which all others are compared with. */
function onOne(): Array<ReturnType<typeof finished>> {
  trained ??= ALL.map((one) => finished(train(one.data, OPTIONS, one.heldOut)));
  return trained;
}

describe('a training', () => {
  const pools = [1, 2, 3, 8].map((threads) => ({ threads, pool: new SweepPool(threads) }));
  afterAll(() => Promise.all(pools.map(({ pool }) => pool.close())));

  it.each(pools.slice(1))('is the same to the last bit on 1 and $threads threads', ({ pool }) => {
    for (const [n, planted] of ALL.entries()) {
      const one = onOne()[n];
      const many = finished(train(planted.data, OPTIONS, planted.heldOut, pool));
      expect(one.state.dim).toBe(3);
      expect(many.reports).toEqual(one.reports);
      // vitest's own comparison takes seconds for so many numbers
      expect(isDeepStrictEqual(numbersOf(many.state), numbersOf(one.state))).toBe(true);
    }
  });

  it.each([
    ['relaxed', true],
    ['relaxed', false],
    ['plain', true],
    ['plain', false],
  ] as const)(
    'does half-sweeps with %s SIMD to the same last bit on 1, 2, 3 and 8 threads (f64: %s)',
    (build, wide) => {
      const module = moduleOf(build);
      for (const planted of [{ data, heldOut }, plain]) {
        const swept = pools.map(({ pool }) => {
          const state = startState(planted.data, 2, 1);
          const needs = { isShifted: state.readers.shift !== null, isLatent: false };
          const kernel = kernelFor(state.data.matrix, state.dim, needs, wide);
          if (kernel === null) throw new RangeError('too large');
          pool.use(sweepDataOf(state, planted.heldOut, { ...kernel, module }));
          const numbers = sweepNumbersOf(state);
          // twice, so that what one half has solved is what the next reads
          const sums = [...KINDS, ...KINDS].map((kind) => pool.run(kind, numbers));
          return { sums, numbers: numbersOf(state) };
        });
        for (const other of swept.slice(1)) expect(isDeepStrictEqual(other, swept[0])).toBe(true);
      }
    },
  );

  it('takes further threads where there is enough to do', () => {
    expect(threadsFor(0, 19_999)).toBe(1);
    expect(threadsFor(8, 19_999)).toBe(1);
    expect(threadsFor(0, 20_000)).toBe(availableParallelism());
    expect(threadsFor(3, 20_000)).toBe(3);
  });
});

describe('a worker', () => {
  it('does all of a job when nobody helps, with the same result', () => {
    const [mine, its] = [lively(), lively()];
    const worker = workerWith(its);
    const swept = sweepDataOf(mine, heldOut);
    for (const kind of KINDS) {
      const job = newJob(kind, sweepNumbersOf(mine), swept);
      new SweepThread(swept).work(job, ({ error }) => {
        throw error;
      });
      expect(swept.chunks[kind].order.length, kind).toBeGreaterThan(1);
      expect(worker.does(kind).sums, kind).toEqual(job.sums);
    }
    expect(isDeepStrictEqual(numbersOf(its), numbersOf(mine))).toBe(true);
  });

  it('sends what an error says', () => {
    const state = lively();
    const worker = workerWith(state);
    state.books.cov.fill(-1e6);
    worker.does('readers');
    expect(receiveMessageOnPort(worker.port)).toEqual({
      message: {
        chunk: expect.any(Number) as number,
        error: expect.objectContaining({
          message: expect.stringContaining('row') as string,
        }) as Error,
        parts: {
          code: 'NUMERICAL',
          message: expect.any(String) as string,
          hint: expect.any(String) as string,
        },
      },
    });
  });
});

describe('a worker that dies in the middle of a chunk', () => {
  it.each([
    ['exit', 'exit code 3'],
    ['throw', 'the heap is full'],
  ])('by %s ends the training with an error', (how, says) => {
    const program = fileURLToPath(new URL('../../testing/dying-sweep.ts', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [program], {
      env: { ...environment(), DIE_BY: how },
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`ended before its work was done: ${says}`);
    expect(stderr).toContain("code: 'THREAD_LOST'");
  });
});

describe('an error in a chunk', () => {
  it.each([1, 3])('is thrown as it is after all chunks were tried, on %i threads', (threads) => {
    const state = lively();
    const pool = poolOf(threads);
    pool.use(sweepDataOf(state, heldOut));
    // readers of the second chunk only, by their own precision
    state.readers.precision.fill(NaN, 300, 500);
    expect(() => pool.run('readers', sweepNumbersOf(state))).toThrow(
      expect.objectContaining({
        constructor: AppError,
        code: 'NUMERICAL',
        message: "a reader's posterior precision is not positive definite in row 1",
        hint: 'Check the ratings for extreme values.',
      }),
    );
    state.readers.precision.fill(1);
    expect(pool.run('readers', sweepNumbersOf(state)).every(Number.isFinite)).toBe(true);
  });

  it('that is no known one comes through too', () => {
    const pool = poolFor(lively());
    const broken = { ...sweepNumbersOf(lively()), readerPrecision: null };
    // what the types forbid stands for any defect
    expect(() => pool.run('readers', broken as never)).toThrow(TypeError);
  });

  it('without data is refused', () => {
    expect(() => poolOf(1).run('books', sweepNumbersOf(lively()))).toThrow(RangeError);
  });
});
