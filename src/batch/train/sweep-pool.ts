import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { AppError } from '../../runtime/errors.ts';
import type { SweepData, SweepKind, SweepNumbers } from './sweep-data.ts';
import { newJob, sumsLength, SweepThread, waitForAll } from './sweep-thread.ts';
import type { ChunkFailure, SweepJob } from './sweep-thread.ts';

/** What a worker is sent: what to work on from now on, or work. */
export type SweepMessage = { readonly data: SweepData } | { readonly job: SweepJob };

/** Ratings below which a second thread costs more than it saves. */
const MIN_RATINGS = 20_000;

/** Threads for a training on so many ratings; 0 asks for one a core. */
export function threadsFor(threads: number, ratings: number): number {
  if (ratings < MIN_RATINGS) return 1;
  return threads === 0 ? availableParallelism() : threads;
}

interface Helper {
  readonly worker: Worker;
  readonly port: MessagePort;
}

/**
 * Threads that do the sweeps of one training at a time, the calling one among them. Rows are dealt in chunks of fixed
 * size and sums are added up in the order of the chunks, so that the number of threads changes no bit of the result.
 */
export class SweepPool {
  private readonly helpers: readonly Helper[];
  private own: { readonly data: SweepData; readonly thread: SweepThread } | null = null;
  private broken: Error | null = null;

  /** Starts `threads - 1` workers. */
  constructor(threads: number) {
    this.helpers = Array.from({ length: threads - 1 }, () => this.start());
  }

  private start(): Helper {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL('./sweep-worker.ts', import.meta.url), {
      workerData: { port: port2 },
      transferList: [port2],
    });
    worker.on('error', (error: Error) => {
      this.broken = error;
    });
    worker.unref();
    return { worker, port: port1 };
  }

  /** Sets what the jobs from now on work on. */
  use(data: SweepData): void {
    this.own = { data, thread: new SweepThread(data) };
    this.send({ data });
  }

  /**
   * Does all chunks of a kind and returns their sums; blocks until they are done.
   * Throws the error of the first chunk that failed, after all have been tried.
   */
  run(kind: SweepKind, numbers: SweepNumbers): Float64Array {
    if (this.broken !== null) throw this.broken;
    if (this.own === null) throw new RangeError('the pool has nothing to work on');
    const { data, thread } = this.own;
    const job = newJob(kind, numbers, data);
    const failures: ChunkFailure[] = [];
    this.send({ job });
    thread.work(job, (failure) => failures.push(failure));
    waitForAll(job, data.order[kind].length);
    for (const { port } of this.helpers) failures.push(...received(port));
    if (failures.length > 0) throw firstOf(failures);
    return total(job.sums, sumsLength(kind, data));
  }

  /** Ends the workers. */
  async close(): Promise<void> {
    await Promise.all(this.helpers.map(({ worker }) => worker.terminate()));
  }

  private send(message: SweepMessage): void {
    for (const { port } of this.helpers) port.postMessage(message);
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
  const { error, known } = failures.reduce((a, b) => (a.chunk < b.chunk ? a : b));
  if (known === null || error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError(known.code, message, known.hint, { cause: error });
}

function total(sums: Float64Array, length: number): Float64Array {
  const result = new Float64Array(length);
  for (let n = 0; n < sums.length; n++) result[n % length] += sums[n];
  return result;
}
