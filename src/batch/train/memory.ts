import { totalmem } from 'node:os';
import { packedSize } from '../../model/cholesky.ts';
import { AppError } from '../../runtime/errors.ts';
import { kernelBytes } from './kernel/kernel.ts';
import type { TrainingData } from './model-state.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;
const MIB = 2 ** 20;

/** Bytes that one more rating, reader or book adds to a state of D = K + 1 numbers and its kernel. */
export interface BytesEach {
  readonly rating: number;
  /** The same for a reader and for a book. */
  readonly row: number;
}

/**
 * What `startState` and `buildRatingMatrix` lay out: by rating two indices, a slot, the value and, with content effects,
 * mean, variance and K covariances of the shift; by reader and book mean, covariance, noise, prior mean and a mark.
 */
export function stateBytesEach(dim: number, hasContent: boolean): BytesEach {
  return {
    rating: 3 * Int32Array.BYTES_PER_ELEMENT + F64 + (hasContent ? F64 * (dim + 1) : 0),
    row: F64 * (2 * dim + packedSize(dim) + 1) + 1,
  };
}

/**
 * Bytes of a training at its peak, beside what is in memory before it: two states with their kernels, since one is made from
 * the other when rows are taken in, and the residuals of a prior.
 */
export function trainingBytes({ matrix, effectLabels }: TrainingData, dim: number): number {
  const { readers, books, size } = matrix;
  const shifted = effectLabels.families.length > 0;
  const each = stateBytesEach(dim, shifted);
  const state = size * each.rating + (readers + books) * each.row;
  return 2 * (state + kernelBytes(matrix, dim, shifted)) + Math.max(readers, books) * dim * F64;
}

/** What a training may use: bytes, and whose limit that is. */
export interface Budget {
  readonly bytes: number;
  readonly whose: string;
}

/** The budget that is set, in MiB, else the container's limit, else the machine's memory. */
export function memoryBudget(set: number | undefined): Budget {
  if (set !== undefined) return { bytes: set * MIB, whose: '--memory-budget' };
  const machine = totalmem();
  const container = process.constrainedMemory();
  return container > 0 && container < machine
    ? { bytes: container, whose: "the container's limit" }
    : { bytes: machine, whose: "the machine's memory" };
}

/** Throws `MEMORY_TOO_SMALL`, with the number needed, where what is in use and the training together exceed the budget. */
export function assertRoom(
  budget: Budget,
  data: TrainingData,
  dim: number,
  inUse: number = process.memoryUsage.rss(),
): void {
  const needed = inUse + trainingBytes(data, dim);
  if (needed <= budget.bytes) return;
  const { readers, books, size } = data.matrix;
  const [need, have] = [needed, budget.bytes].map((bytes) => Math.ceil(bytes / MIB));
  throw new AppError(
    'MEMORY_TOO_SMALL',
    `Training on ${size} ratings of ${readers} readers and ${books} books with ${dim - 1} factors needs about ${need} MiB, and ${budget.whose} is ${have} MiB`,
    'Give the training that much memory (in the chart: trainer.resources), or a lower --rank; --memory-budget overrides what was found.',
  );
}
