import { type BookRecords, bookRecordsOf } from '../../model/book-records.ts';
import { gammaMean } from '../../model/gamma.ts';
import type { RatingMatrix } from '../../model/rating-matrix.ts';
import type { BookSide } from '../../model/reader-step.ts';
import type { Posteriors, RowSide, Shift } from '../../model/row-step.ts';
import type { HeldOutColumns, HeldOutRows } from './held-out-rows.ts';
import { gpuChunk } from './gpu/gpu-kernel.ts';
import { kernelFor } from './kernel/kernel.ts';
import type { Kernel } from './kernel/kernel.ts';
import type { LatentRatings, ModelState } from './model-state.ts';
import type { RowKernel } from './row-step-for.ts';

/** What is done row by row: posteriors of readers, of their latent ratings, of books, errors of a sample of readers. */
export type SweepKind = 'readers' | 'latent' | 'books' | 'search';

/** What the threads of a training share; all that is as long as the ratings, readers or books lies in shared memory. */
export interface SweepData {
  readonly dim: number;
  readonly matrix: RatingMatrix;
  readonly readers: Posteriors & { readonly shift: Shift | null };
  readonly books: BookSide;
  readonly records: BookRecords;
  readonly latent: Omit<LatentRatings, 'entropy'> | null;
  /** Null where books have labels that carry content effects: readers then take the step of `ReaderStep`. */
  readonly readerRows: RowSide | null;
  readonly bookRows: RowSide;
  readonly kernel: RowKernel;
  /** Prior means of the readers, N x D. */
  readonly readerPriorMean: Float64Array;
  readonly heldOut: HeldOutColumns;
  /** Readers of a search. */
  readonly sample: Int32Array;
  readonly chunks: Readonly<Record<SweepKind, Chunks>>;
}

/** The few numbers that change from sweep to sweep. */
export interface SweepNumbers {
  /** E[tau] and mu. */
  readonly tau: number;
  readonly offset: number;
  /** Shapes of the priors of the noise factors. */
  readonly readerShape: number;
  readonly bookShape: number;
  /** E[Lambda] of both sides, D x D. */
  readonly readerPrecision: Float64Array;
  readonly bookPrecision: Float64Array;
}

/** Rows that are dealt at once: chunk c has the rows `start[c] .. start[c + 1]`. */
export interface Chunks {
  readonly start: Int32Array;
  /** The chunks, dearest first. */
  readonly order: Int32Array;
}

/** Most rows in a chunk, and the cost at which it is closed: few enough to keep all threads busy to the end. */
const CHUNK = { rows: 256, cost: 2 ** 14 } as const;

/** The parts of a state that sweeps work on. */
export function sweepDataOf(
  state: ModelState,
  watched: HeldOutRows,
  kernel: RowKernel = wasmKernelOf(state),
): SweepData {
  const { data, dim, readers, books } = state;
  const { matrix } = data;
  const sample = watched.searchSample(data);
  const plain = books.effectVar.length === 0;
  const rowChunk = kernel?.kind === 'gpu' ? gpuChunk(dim) : CHUNK;
  const readerChunk = plain ? rowChunk : CHUNK;
  const readerChunks = chunksOf(matrix.readers, readerChunk, (u) =>
    cost(matrix.readerStart, u, dim),
  );
  const sides = rowSidesOf(state);
  return {
    dim,
    matrix,
    readers: { ...posteriors(readers), shift: readers.shift },
    books: bookSideOf(books),
    records: bookRecordsOf(books.labels, books.directions),
    latent: latentOf(state),
    readerRows: plain ? sides.readers : null,
    bookRows: sides.books,
    kernel,
    readerPriorMean: state.readerPrior.mean,
    heldOut: watched.columns,
    sample,
    chunks: {
      readers: readerChunks,
      latent: readerChunks,
      books: chunksOf(matrix.books, rowChunk, (i) => cost(matrix.bookStart, i, dim)),
      search: chunksOf(sample.length, CHUNK, () => 1),
    },
  };
}

/** The kernel in WebAssembly for a state; null where it is too large for it. */
export function wasmKernelOf({ data, dim, readers, latent }: ModelState): Kernel | null {
  const needs = { isShifted: readers.shift !== null, isLatent: latent !== null };
  return kernelFor(data.matrix, dim, needs);
}

/** Both sides of the ratings as rows. */
export function rowSidesOf(state: ModelState): { readers: RowSide; books: RowSide } {
  const { dim } = state;
  const { readerStart, bookStart, bookSlot, reader, book, value } = state.data.matrix;
  const [readers, books] = [posteriors(state.readers), posteriors(state.books)];
  const variance = state.latent?.variance ?? null;
  return {
    readers: {
      name: 'reader',
      dim,
      ratings: { start: readerStart, slot: null, partner: book, value, variance },
      rows: readers,
      partners: books,
      shift: null,
      priorMean: state.readerPrior.mean,
    },
    books: {
      name: 'book',
      dim,
      ratings: { start: bookStart, slot: bookSlot, partner: reader, value, variance },
      rows: books,
      partners: readers,
      shift: state.readers.shift,
      priorMean: state.bookPrior.mean,
    },
  };
}

/** The numbers that the next sweep works with. */
export function sweepNumbersOf(state: ModelState): SweepNumbers {
  return {
    tau: gammaMean(state.tau),
    offset: state.offset,
    readerShape: state.readerShape.prior,
    bookShape: state.bookShape.prior,
    readerPrecision: state.readerPrior.precision.mean,
    bookPrecision: state.bookPrior.precision.mean,
  };
}

function latentOf({ latent }: ModelState): SweepData['latent'] {
  if (latent === null) return null;
  const { edges, cell, variance } = latent;
  return { edges, cell, variance };
}

function bookSideOf({ dim, labels, effectVar, directions, ...books }: BookSide): BookSide {
  return { dim, ...posteriors(books), labels, effectVar, directions };
}

function posteriors({ mean, cov, precision }: Posteriors): Posteriors {
  return { mean, cov, precision };
}

/** Of a row: its ratings, and the solving that it takes without any. */
function cost(start: Int32Array, n: number, dim: number): number {
  return start[n + 1] - start[n] + dim / 4;
}

/** Cuts rows into chunks by their cost alone, so that a result does not depend on the threads. */
function chunksOf(
  rows: number,
  most: { readonly rows: number; readonly cost: number },
  costOf: (row: number) => number,
): Chunks {
  const start = [0];
  const costs = [0];
  for (let n = 0; n < rows; n++) {
    const last = start.length - 1;
    if (n > start[last] && (n - start[last] === most.rows || costs[last] >= most.cost)) {
      start.push(n);
      costs.push(0);
    }
    costs[costs.length - 1] += costOf(n);
  }
  const order = Int32Array.from(costs.keys()).sort((a, b) => costs[b] - costs[a] || a - b);
  return {
    start: Int32Array.from([...start, rows]),
    order: rows === 0 ? order.subarray(1) : order,
  };
}
