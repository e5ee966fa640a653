import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { AppError } from '../../runtime/errors.ts';
import type { Gpu } from './gpu/gpu.ts';
import { takeValues } from './kernel/kernel.ts';
import type { ModelState } from './model-state.ts';
import type { RowKernel } from './row-step-for.ts';
import { wasmKernelOf } from './sweep-data.ts';
import type { SweepData, SweepKind, SweepNumbers } from './sweep-data.ts';
import { newJob, sumsLength, SweepThread, waitForAll } from './sweep-thread.ts';
import type { ChunkFailure, SweepJob } from './sweep-thread.ts';
import { ThreadWatch } from './thread-watch.ts';

/** What a worker is sent: what to work on from now on, or work. */
export type SweepMessage = { readonly data: SweepData } | { readonly job: SweepJob };

const WORKER = new URL('./sweep-worker.ts', import.meta.url);

/** What a pool works with beside its threads. */
export interface PoolOptions {
  readonly gpu?: Gpu | null;
  readonly program?: URL;
}

/** Ratings below which a second thread costs more than it saves. */
const MIN_RATINGS = 20_000;

/** Threads for a training on so many ratings; 0 asks for one a core. */
export function threadsFor(threads: number, ratings: number): number {
  if (ratings < MIN_RATINGS) return 1;
  return threads === 0 ? availableParallelism() : threads;
}

/**
 * Threads that do the sweeps of one training at a time, the calling one among them. Rows are dealt in chunks of fixed
 * size and sums are added up in the order of the chunks, so that the number of threads changes no bit of the result.
 */
export class SweepPool {
  /** The calling one counts. */
  readonly threads: number;
  /** One a worker. */
  private readonly ports: readonly MessagePort[];
  private readonly watch: ThreadWatch | null;
  private readonly gpu: Gpu | null;
  private own: { readonly data: SweepData; readonly thread: SweepThread } | null = null;

  /** Starts `threads - 1` workers, which run `program`; row steps are done on the GPU where one is given. */
  constructor(threads: number, { gpu = null, program = WORKER }: PoolOptions = {}) {
    this.threads = threads;
    this.gpu = gpu;
    const channels = Array.from({ length: threads - 1 }, () => new MessageChannel());
    this.ports = channels.map(({ port1 }) => port1);
    const theirs = channels.map(({ port2 }) => port2);
    this.watch = theirs.length === 0 ? null : new ThreadWatch(program, theirs);
  }

  /** What the row steps for a state work in: only the last one on a GPU can be used. */
  kernelFor(state: ModelState): RowKernel {
    const { gpu, threads } = this;
    if (gpu === null) return wasmKernelOf(state);
    const needs = { isShifted: state.readers.shift !== null, isLatent: state.latent !== null };
    return gpu.kernelFor(state.data.matrix, state.dim, { ...needs, threads });
  }

  /** Sets what the jobs from now on work on; from here on only they may change the posteriors of what has ratings. */
  use(data: SweepData): void {
    this.own = { data, thread: new SweepThread(data) };
    this.own.thread.gather();
    this.send({ data });
  }

  /**
   * Does all chunks of a kind and returns their sums; blocks until they are done.
   * Throws the error of the first chunk that failed, after all have been tried; `THREAD_LOST` once a worker has ended.
   */
  run(kind: SweepKind, numbers: SweepNumbers): Float64Array {
    this.watch?.throwIfLost();
    if (this.own === null) throw new RangeError('the pool has nothing to work on');
    const { data, thread } = this.own;
    const job = newJob(kind, numbers, data);
    const failures: ChunkFailure[] = [];
    this.send({ job });
    thread.work(job, (failure) => failures.push(failure));
    waitForAll(job, data.chunks[kind].order.length, () => {
      this.watch?.throwIfLost();
    });
    for (const port of this.ports) failures.push(...received(port));
    if (failures.length > 0) throw firstOf(failures);
    if (kind === 'latent' && data.latent !== null && data.kernel?.kind === 'wasm')
      takeValues(data.kernel, data.matrix);
    return total(job.sums, sumsLength(kind, data));
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await this.watch?.end();
  }

  private send(message: SweepMessage): void {
    for (const port of this.ports) port.postMessage(message);
  }
}

function received(port: MessagePort): ChunkFailure[] {
  const failures: ChunkFailure[] = [];
  for (;;) {
    // workers send nothing else
    const next = receiveMessageOnPort(port) as { message: ChunkFailure } | undefined;
    if (next === undefined) return failures;
    failures.push(next.message);
  }
}

/** The error to throw: the same whatever the number of threads. */
function firstOf(failures: readonly ChunkFailure[]): unknown {
  const { error, parts } = failures.reduce((a, b) => (a.chunk < b.chunk ? a : b));
  return parts === null || error instanceof AppError ? error : AppError.of(parts, { cause: error });
}

function total(sums: Float64Array, length: number): Float64Array {
  const result = new Float64Array(length);
  for (let n = 0; n < sums.length; n++) result[n % length] += sums[n];
  return result;
}
