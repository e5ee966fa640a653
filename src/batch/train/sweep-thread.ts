import { ROW_SUMS } from '../../model/row-step.ts';
import type { RowNumbers, RowStep } from '../../model/row-step.ts';
import { AppError } from '../../runtime/errors.ts';
import type { ErrorParts } from '../../runtime/errors.ts';
import { LATENT_SUMS, LatentChunk } from './latent-chunk.ts';
import { ReaderChunk, readerSumsLength, SEARCH_SUMS } from './reader-chunk.ts';
import { rowStepFor } from './row-step-for.ts';
import type { SweepData, SweepKind, SweepNumbers } from './sweep-data.ts';

/** Work for all threads at once: each takes the next chunk until none is left. */
export interface SweepJob {
  readonly kind: SweepKind;
  readonly numbers: SweepNumbers;
  /** Chunks dealt and chunks done; of this job alone, so that a thread that comes late finds nothing to do. */
  readonly progress: Int32Array;
  /** One row of sums for each chunk, so that the total does not depend on who did which. */
  readonly sums: Float64Array;
}

const DEALT = 0;
const DONE = 1;

/** An error in a chunk, in a form that can be sent from thread to thread. */
export interface ChunkFailure {
  readonly chunk: number;
  readonly error: unknown;
  /** Of an `AppError`. */
  readonly parts: ErrorParts | null;
}

/** Numbers in a row of sums. */
export function sumsLength(kind: SweepKind, { books }: SweepData): number {
  return {
    readers: readerSumsLength(books.effectVar.length),
    books: Object.keys(ROW_SUMS).length,
    latent: Object.keys(LATENT_SUMS).length,
    search: Object.keys(SEARCH_SUMS).length,
  }[kind];
}

/** A job of which nothing is dealt yet. */
export function newJob(kind: SweepKind, numbers: SweepNumbers, data: SweepData): SweepJob {
  const length = data.chunks[kind].order.length * sumsLength(kind, data);
  return {
    kind,
    numbers,
    progress: new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)),
    sums: new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT)),
  };
}

/** Longest wait for a chunk before the next look at the threads, ms. */
const LOOK_MS = 200;

/** Blocks until so many chunks are done; calls `check` before each wait, which may throw. */
export function waitForAll(
  { progress }: SweepJob,
  chunks: number,
  check: () => void = () => undefined,
): void {
  for (;;) {
    const done = Atomics.load(progress, DONE);
    if (done >= chunks) return;
    check();
    Atomics.wait(progress, DONE, done, LOOK_MS);
  }
}

/** One thread's workspace; the calling thread has one too. */
export class SweepThread {
  private readonly data: SweepData;
  private readonly readers: ReaderChunk;
  private readonly latent: LatentChunk;
  private readonly books: RowStep;

  constructor(data: SweepData) {
    this.data = data;
    this.readers = new ReaderChunk(data);
    this.latent = new LatentChunk(data);
    this.books = rowStepFor(data.bookRows, data.kernel);
  }

  /** Gathers both sides for each other, whole: what a sweep has solved it gathers itself. */
  gather(): void {
    this.readers.gather(0, this.data.matrix.books);
    this.books.gather(0, this.data.matrix.readers);
  }

  /** Takes part in a job until all its chunks are dealt; errors go to `fail`. */
  work(job: SweepJob, fail: (failure: ChunkFailure) => void): void {
    const { order } = this.data.chunks[job.kind];
    for (;;) {
      const turn = Atomics.add(job.progress, DEALT, 1);
      if (turn >= order.length) return;
      try {
        this.chunk(job, order[turn]);
      } catch (error) {
        const parts = error instanceof AppError ? error.parts : null;
        fail({ chunk: order[turn], error, parts });
      }
      if (Atomics.add(job.progress, DONE, 1) + 1 === order.length) {
        Atomics.notify(job.progress, DONE);
      }
    }
  }

  private chunk({ kind, numbers, sums }: SweepJob, chunk: number): void {
    const length = sumsLength(kind, this.data);
    const own = sums.subarray(chunk * length, (chunk + 1) * length);
    const { start } = this.data.chunks[kind];
    const [from, to] = [start[chunk], start[chunk + 1]];
    switch (kind) {
      case 'readers':
        this.readers.sweep(numbers, from, to, own);
        if (this.data.readerRows === null) this.books.gather(from, to);
        return;
      case 'latent':
        this.latent.sweep(numbers, from, to, own);
        return;
      case 'books':
        this.books.solve(bookNumbers(numbers), from, to, own);
        return;
      case 'search':
        this.readers.search(numbers, from, to, own);
    }
  }
}

function bookNumbers({ tau, offset, bookShape, bookPrecision }: SweepNumbers): RowNumbers {
  return { tau, offset, shape: bookShape, priorPrecision: bookPrecision };
}
