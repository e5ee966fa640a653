/**
 * Trains on made-up ratings and prints what it took as one line of JSON.
 *
 *     --ratings N      10,000,000 unless given, of 160,000 readers on 60,000 books
 *     --rank K         16 unless given
 *     --sweeps N       timed row steps of both sides, after one that is not counted; with --train those of a training
 *     --train          a whole training with side information, from the first factors to the last sweep
 *     --threads N      2 unless given
 *     --reference      the row step in TypeScript
 *     --gpu KIND       the row step on a GPU: `device`, or `any`, which takes one in software too
 */
import { parseArgs } from 'node:util';
import { sweepBooks } from '../../src/batch/train/book-sweep.ts';
import { Gpu } from '../../src/batch/train/gpu/gpu.ts';
import { HeldOutRows } from '../../src/batch/train/held-out-rows.ts';
import { startState } from '../../src/batch/train/model-state.ts';
import type { TrainingData } from '../../src/batch/train/model-state.ts';
import { sweepReaders } from '../../src/batch/train/reader-sweep.ts';
import { sweepDataOf } from '../../src/batch/train/sweep-data.ts';
import { SweepPool } from '../../src/batch/train/sweep-pool.ts';
import { train } from '../../src/batch/train/trainer.ts';
import { syntheticTraining } from './synthetic.ts';

const { values } = parseArgs({
  options: {
    ratings: { type: 'string', default: '10000000' },
    rank: { type: 'string', default: '16' },
    sweeps: { type: 'string', default: '3' },
    train: { type: 'boolean', default: false },
    threads: { type: 'string', default: '2' },
    reference: { type: 'boolean', default: false },
    gpu: { type: 'string' },
    readers: { type: 'string', default: '160000' },
    books: { type: 'string', default: '60000' },
  },
});

/** Seconds by the clock and of all threads of the process. */
interface Took {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

function timed<T>(work: () => T): Took & { readonly result: T } {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const result = work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpuSeconds: (user + system) / 1e6, result };
}

/** Times both row steps, one sweep after the other. */
function timeSweeps(data: TrainingData, rank: number, sweeps: number, pool: SweepPool): Took[] {
  const state = startState(data, rank, 1);
  const kernel = values.reference ? null : pool.kernelFor(state);
  pool.use(sweepDataOf(state, HeldOutRows.none, kernel));
  return Array.from({ length: sweeps + 1 }, () =>
    timed(() => {
      sweepReaders(state, pool);
      sweepBooks(state, pool);
    }),
  ).slice(1);
}

const rank = Number(values.rank);
const sweeps = Number(values.sweeps);
const size = {
  readers: Number(values.readers),
  books: Number(values.books),
  ratings: Number(values.ratings),
  sideInformation: values.train,
};
const data = syntheticTraining(size);
const gpu = values.gpu === undefined ? null : await Gpu.open({ software: values.gpu === 'any' });
const pool = new SweepPool(Number(values.threads), { gpu });
const ratings = data.matrix.size;
const found: Record<string, unknown> = { ratings, rank, gpu: gpu?.facts.name ?? null };
if (values.train) {
  const { result, ...took } = timed(() => {
    const sweep = train(data, { rank, sweeps, seed: 1 }, HeldOutRows.none, pool);
    let next = sweep.next();
    let last = 0;
    for (; next.done !== true; next = sweep.next()) {
      last = next.value.sweep;
      process.stderr.write(`sweep ${last}: noise ${next.value.noiseSd.toFixed(4)}\n`);
    }
    return { sweeps: last, factors: next.value.dim - 1 };
  });
  Object.assign(found, { ...result, ...took });
} else {
  const each = timeSweeps(data, rank, sweeps, pool);
  const total = each.reduce((sum, { seconds }) => sum + seconds, 0);
  const cpu = each.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  Object.assign(found, {
    sweeps,
    ratingsPerSecond: (ratings * sweeps) / total,
    ratingsPerCpuSecond: (ratings * sweeps) / cpu,
    best: ratings / Math.min(...each.map(({ seconds }) => seconds)),
  });
}
await pool.close();
await gpu?.close();
found['peakMiB'] = process.resourceUsage().maxRSS / 1024;
process.stdout.write(`${JSON.stringify(found)}\n`);
