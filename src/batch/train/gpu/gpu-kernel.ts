import { packedSize } from '../../../model/cholesky.ts';
import { longestRow } from '../../../model/rating-matrix.ts';
import type { RatingMatrix } from '../../../model/rating-matrix.ts';
import type { RowRatings } from '../../../model/row-step.ts';
import { sharedFloats, sharedInts, sharedSingles } from '../../../model/shared-array.ts';
import { AppError } from '../../../runtime/errors.ts';
import { threadLost } from '../../thread-lost.ts';

/** What the threads of a training share of the GPU; can be sent to them. */
export interface GpuKernel {
  readonly kind: 'gpu';
  readonly dim: number;
  readonly readers: number;
  readonly books: number;
  /** Whether readers have shifts. */
  readonly isShifted: boolean;
  /** Most rows at once, and most of their ratings. */
  readonly rows: number;
  readonly places: number;
  /** Ratings of the books in the order of their places; null where they have shifts or are latent. */
  readonly bookRatings: Pick<RowRatings, 'partner' | 'value'> | null;
  /** As many as may ask at the same time. */
  readonly boxes: readonly Box[];
  /** Counts the boxes that were given back. */
  readonly given: Int32Array;
  /** Set to 1 when the thread of the GPU has ended. */
  readonly lost: Int32Array;
}

/** Memory that a thread and that of the GPU pass numbers in: who asks waits until it is answered. */
export interface Box {
  /** By `CONTROL`. */
  readonly control: Int32Array;
  readonly input: Float32Array;
  readonly output: Float32Array;
}

/** Numbers of a box's control. */
export const CONTROL = {
  state: 0,
  isTaken: 1,
  task: 2,
  side: 3,
  from: 4,
  to: 5,
  /** Rows with ratings, and their ratings. */
  rows: 6,
  places: 7,
  /** Bytes of an error's message at the start of the output. */
  message: 8,
} as const;
export const STATE = { idle: 0, asked: 1, done: 2, failed: 3, closed: 4 } as const;
/** `take`: the posteriors `from .. to` of a side. `solve`: new ones of a side's rows. */
export const TASK = { take: 0, solve: 1 } as const;
export const SIDE = { reader: 0, book: 1 } as const;

/** Most rows of a chunk. */
const CHUNK_ROWS = 2 ** 14;
/** Most numbers of the posteriors of a chunk. */
const CHUNK_WORDS = 2 ** 23;
/** Cost at which a chunk is closed: many, since one takes as long as its longest row. */
const CHUNK_COST = 2 ** 20;
/** Boxes that keep a GPU busy: one is worked on, and others are filled and emptied. */
const MOST_BOXES = 4;

/** Bytes of a rating of `bookRatings`. */
const BY_PLACE_BYTES = Int32Array.BYTES_PER_ELEMENT + Float64Array.BYTES_PER_ELEMENT;

/** Longest wait for an answer before the next look whether there is someone to give it, ms. */
const LOOK_MS = 200;

/** Numbers of a posterior on the GPU: mean and packed covariance. */
export function posteriorWords(dim: number): number {
  return dim + packedSize(dim);
}

/** Most rows of a chunk, and the cost at which it is closed. */
export function gpuChunk(dim: number): { readonly rows: number; readonly cost: number } {
  const rows = Math.floor(CHUNK_WORDS / posteriorWords(dim));
  return { rows: Math.min(CHUNK_ROWS, rows), cost: CHUNK_COST };
}

/** Numbers of a row, of a rating, and of a row's results. */
export const ROW_WORDS = 4;
export const PLACE_WORDS = 4;
export const RESULT_WORDS = 4;

/** Where the parts of a `solve` lie in the input, and where it ends. */
export function inputLayout(
  { dim, isShifted }: Pick<GpuKernel, 'dim' | 'isShifted'>,
  rows: number,
  places: number,
): { prior: number; places: number; ties: number; end: number } {
  const prior = rows * ROW_WORDS;
  const at = prior + dim * dim + rows * dim;
  const ties = at + places * PLACE_WORDS;
  return { prior, places: at, ties, end: ties + (isShifted ? places * (dim - 1) : 0) };
}

/** Where the results of a `solve` lie in the output, behind the posteriors of so many rows, with or without ratings. */
export function resultsAt(dim: number, rows: number): number {
  return rows * posteriorWords(dim);
}

/** What a kernel is made for. */
export interface GpuNeeds {
  readonly isShifted: boolean;
  /** Whether ratings are latent, so that their values change. */
  readonly isLatent: boolean;
  readonly threads: number;
}

/** How large what is laid out for is. */
export interface GpuSize {
  readonly readers: number;
  readonly books: number;
  /** Ratings, and those of the row that has most. */
  readonly size: number;
  readonly longest: number;
}

/** Most rows and ratings of a chunk, and numbers in a box. */
function boxSizes({ readers, books, size, longest }: GpuSize, dim: number, isShifted: boolean) {
  const chunk = gpuChunk(dim);
  const rows = Math.min(chunk.rows, Math.max(readers, books));
  const places = Math.min(size, chunk.cost + longest);
  const solved = inputLayout({ dim, isShifted }, rows, places).end;
  const input = Math.max(solved, rows * posteriorWords(dim));
  const output = resultsAt(dim, rows) + rows * RESULT_WORDS;
  return { rows, places, input, output };
}

/** Bytes of the machine's memory that a kernel takes, with what the driver keeps of each box to send and receive. */
export function gpuKernelBytes(
  size: GpuSize,
  dim: number,
  { isShifted, isLatent, threads }: GpuNeeds,
): number {
  const { input, output } = boxSizes(size, dim, isShifted);
  const rating = isShifted || isLatent ? 0 : BY_PLACE_BYTES;
  const box = 2 * (input + output) * Float32Array.BYTES_PER_ELEMENT;
  return Math.min(threads, MOST_BOXES) * box + size.size * rating;
}

/** Lays out the boxes for a training on these ratings; `lost` is set when the thread of the GPU has ended. */
export function gpuKernelFor(
  matrix: RatingMatrix,
  dim: number,
  { isShifted, isLatent, threads }: GpuNeeds,
  lost: Int32Array,
): GpuKernel {
  const { readers, books } = matrix;
  const longest = longestOf(matrix);
  const { rows, places, input, output } = boxSizes({ ...matrix, longest }, dim, isShifted);
  const boxes = Array.from({ length: Math.min(threads, MOST_BOXES) }, () => ({
    control: sharedInts(Object.keys(CONTROL).length),
    input: sharedSingles(input),
    output: sharedSingles(output),
  }));
  const bookRatings = isShifted || isLatent ? null : byPlace(matrix);
  const chunk = { rows, places };
  const given = sharedInts(1);
  return { kind: 'gpu', dim, readers, books, isShifted, ...chunk, bookRatings, boxes, given, lost };
}

/** Ratings of the reader or book that has most. */
export function longestOf({ readerStart, bookStart }: RatingMatrix): number {
  return Math.max(longestRow(readerStart), longestRow(bookStart));
}

/** Looking each rating up by its slot would cost more than all else that a thread does for it. */
function byPlace({ size, bookSlot, reader, value }: RatingMatrix): GpuKernel['bookRatings'] {
  const columns = { partner: sharedInts(size), value: sharedFloats(size) };
  for (let k = 0; k < size; k++) {
    columns.partner[k] = reader[bookSlot[k]];
    columns.value[k] = value[bookSlot[k]];
  }
  return columns;
}

/** Lends a box; blocks until one is free. */
export function withBox<T>({ boxes, given }: GpuKernel, use: (box: Box) => T): T {
  const box = taken(boxes, given);
  try {
    return use(box);
  } finally {
    Atomics.store(box.control, CONTROL.isTaken, 0);
    Atomics.add(given, 0, 1);
    Atomics.notify(given, 0, 1);
  }
}

function taken(boxes: readonly Box[], given: Int32Array): Box {
  for (;;) {
    const before = Atomics.load(given, 0);
    const box = boxes.find(
      ({ control }) => Atomics.compareExchange(control, CONTROL.isTaken, 0, 1) === 0,
    );
    if (box !== undefined) return box;
    Atomics.wait(given, 0, before);
  }
}

/**
 * Has the GPU do what a box says; blocks until it is done. Throws `GPU_FAILED` where it cannot, `THREAD_LOST` once its
 * thread has ended.
 */
export function ask({ lost }: GpuKernel, { control, output }: Box): void {
  Atomics.store(control, CONTROL.state, STATE.asked);
  Atomics.notify(control, CONTROL.state);
  while (Atomics.load(control, CONTROL.state) === STATE.asked) {
    if (Atomics.load(lost, 0) !== 0) throw threadLost('that of the GPU');
    Atomics.wait(control, CONTROL.state, STATE.asked, LOOK_MS);
  }
  if (Atomics.load(control, CONTROL.state) !== STATE.failed) return;
  const message = Buffer.from(output.buffer, output.byteOffset, control[CONTROL.message]);
  throw new AppError(
    'GPU_FAILED',
    `The GPU failed: ${message.toString()}`,
    'Start it again, or with backend cpu.',
  );
}
