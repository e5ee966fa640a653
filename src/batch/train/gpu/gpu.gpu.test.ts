import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { gpuOrNull } from '../../../testing/gpu.ts';
import { finished, plantedEffects, plantedSparseFactors } from '../../../testing/planted.ts';
import type { ModelState } from '../model-state.ts';
import { SweepPool } from '../sweep-pool.ts';
import { train } from '../trainer.ts';
import { Gpu } from './gpu.ts';
import { ask, CONTROL, STATE, TASK, withBox } from './gpu-kernel.ts';

const OPTIONS = { rank: 2, sweeps: 6, seed: 1 };
/** What a kernel of the GPU's own tests is made for. */
const NEEDS = { isShifted: false, isLatent: false, threads: 1 };
const plain = plantedSparseFactors(1, 2);
const DATA = [
  { name: 'ratings alone', ...plain },
  { name: 'content effects', ...plantedEffects(1, 300, 140) },
  {
    name: 'latent ratings',
    ...plain,
    data: { ...plain.data, edges: Float64Array.of(3, 5.5, 6, 8) },
  },
];

const gpu = await gpuOrNull();
afterAll(() => gpu?.close());

function posteriorsOf({ readers, books }: ModelState): Float64Array[] {
  return [readers, books].flatMap(({ mean, cov, precision }) => [mean, cov, precision]);
}

describe.runIf(gpu !== null)('a training on a GPU', () => {
  it.each(DATA)('ends where one on the CPU does: $name', async ({ data, heldOut }) => {
    const pool = new SweepPool(2, { gpu });
    const { reports } = finished(train(data, OPTIONS, heldOut, pool));
    await pool.close();
    const want = finished(train(data, OPTIONS, heldOut)).reports;
    expect(reports).toHaveLength(want.length);
    for (const [n, { elbo, heldOutRmse, noiseSd }] of want.entries()) {
      expect(Math.abs(reports[n].elbo / elbo - 1)).toBeLessThan(1e-5);
      expect(reports[n].heldOutRmse).toBeCloseTo(heldOutRmse ?? NaN, 4);
      expect(reports[n].noiseSd).toBeCloseTo(noiseSd, 4);
    }
  });

  it('is the same to the last bit on 1 and 3 threads', async () => {
    const [one, three] = [1, 3].map((threads) => {
      const pool = new SweepPool(threads, { gpu });
      const { state } = finished(train(plain.data, OPTIONS, plain.heldOut, pool));
      return { pool, posteriors: posteriorsOf(state) };
    });
    await Promise.all([one.pool.close(), three.pool.close()]);
    expect(isDeepStrictEqual(one.posteriors, three.posteriors)).toBe(true);
  });
});

describe.runIf(gpu !== null)('a GPU', () => {
  it('says what it has no room for', () => {
    if (gpu === null) return;
    expect(gpu.hasRoomFor(1000, 17)).toBe(true);
    const most = Math.floor(gpu.facts.bytes / 4 / 2);
    expect(gpu.hasRoomFor(most, 1)).toBe(true);
    expect(gpu.hasRoomFor(most + 1, 1)).toBe(false);
    expect(gpu.tooSmallFor(2 * most, 1)).toMatchObject({
      code: 'NO_GPU',
      message: expect.stringMatching(/gives \d+ MiB in one piece, and \d+ are needed$/) as string,
    });
  });

  it('tells who asks why it cannot', () => {
    if (gpu === null) return;
    const kernel = gpu.kernelFor(plain.data.matrix, 3, NEEDS);
    const asked = () => {
      withBox(kernel, (box) => {
        box.control[CONTROL.task] = TASK.take;
        box.control[CONTROL.from] = 1_000_000;
        box.control[CONTROL.to] = 1_000_001;
        ask(kernel, box);
      });
    };
    expect(asked).toThrow(expect.objectContaining({ code: 'GPU_FAILED' }));
    // and the box is free again
    expect(asked).toThrow(/^The GPU failed: .+/);
  });

  it('is closed while it lays out a training', async () => {
    // the process would not outlive a thread that ends in the midst of a call
    for (const dim of [3, 9, 17]) {
      const own = await Gpu.open({ software: true });
      own.kernelFor(plain.data.matrix, dim, NEEDS);
      await own.close();
    }
  });

  it('is closed while it answers', async () => {
    const own = await Gpu.open({ software: true });
    const [{ control }] = own.kernelFor(plain.data.matrix, 65, NEEDS).boxes;
    Atomics.store(control, CONTROL.state, STATE.asked);
    // takes less than what it compiles before it answers
    const other = await Gpu.open({ software: true });
    await own.close();
    await other.close();
    expect(Atomics.load(control, CONTROL.state)).toBe(STATE.closed);
  });

  it('is lost with its thread, and who waits for it learns so', async () => {
    const own = await Gpu.open({ software: true });
    const kernel = own.kernelFor(plain.data.matrix, 3, NEEDS);
    await own.close();
    Atomics.store(kernel.lost, 0, 1);
    expect(() => {
      withBox(kernel, (box) => {
        ask(kernel, box);
      });
    }).toThrow(expect.objectContaining({ code: 'THREAD_LOST' }));
  });
});
