import { availableParallelism } from 'node:os';
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { AppError } from '../../runtime/errors.ts';
import { threadLost } from '../thread-lost.ts';
import { takeValues } from './kernel/kernel.ts';
import type { SweepData, SweepKind, SweepNumbers } from './sweep-data.ts';
import { newJob, sumsLength, SweepThread, waitForAll } from './sweep-thread.ts';
import type { ChunkFailure, SweepJob } from './sweep-thread.ts';

/** What a worker is sent: what to work on from now on, or work. */
export type SweepMessage = { readonly data: SweepData } | { readonly job: SweepJob };

/** What the watching thread is given. */
export interface WatchData {
  /** URL of what the workers run. */
  readonly program: string;
  /** One a worker. */
  readonly ports: readonly MessagePort[];
  /** Set to 1 when a worker has ended. */
  readonly lost: Int32Array;
  /** Told how, before that. */
  readonly words: MessagePort;
}

/** Ratings below which a second thread costs more than it saves. */
const MIN_RATINGS = 20_000;

/** Threads for a training on so many ratings; 0 asks for one a core. */
export function threadsFor(threads: number, ratings: number): number {
  if (ratings < MIN_RATINGS) return 1;
  return threads === 0 ? availableParallelism() : threads;
}

/**
 * The thread that starts the workers and learns of their end: the caller blocks while it waits for them, and so would
 * never learn of it.
 */
class Watch {
  private readonly thread: Worker;
  private readonly lost = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  private readonly words: MessagePort;
  /** How the first worker ended. */
  private how: string | null = null;

  constructor(program: URL, ports: readonly MessagePort[]) {
    const { port1, port2 } = new MessageChannel();
    this.words = port1;
    const data: WatchData = { program: program.href, ports, lost: this.lost, words: port2 };
    this.thread = new Worker(new URL('./sweep-watch.ts', import.meta.url), {
      workerData: data,
      transferList: [port2, ...ports],
    });
    this.thread.on('error', (error: Error) => {
      this.how = error.message;
      Atomics.store(this.lost, 0, 1);
    });
    this.thread.unref();
  }

  /** Throws `THREAD_LOST` once a worker has ended. */
  throwIfLost(): void {
    if (Atomics.load(this.lost, 0) === 0) return;
    // the watching thread sends nothing else
    const first = receiveMessageOnPort(this.words) as { message: string } | undefined;
    this.how ??= first?.message ?? 'for an unknown reason';
    throw threadLost(this.how);
  }

  async end(): Promise<void> {
    await this.thread.terminate();
  }
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
  private readonly watch: Watch | null;
  private own: { readonly data: SweepData; readonly thread: SweepThread } | null = null;

  /** Starts `threads - 1` workers, which run `program`. */
  constructor(threads: number, program = new URL('./sweep-worker.ts', import.meta.url)) {
    this.threads = threads;
    const channels = Array.from({ length: threads - 1 }, () => new MessageChannel());
    this.ports = channels.map(({ port1 }) => port1);
    const theirs = channels.map(({ port2 }) => port2);
    this.watch = theirs.length === 0 ? null : new Watch(program, theirs);
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
    if (kind === 'latent' && data.latent !== null && data.kernel !== null)
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
