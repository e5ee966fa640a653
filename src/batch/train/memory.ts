import { totalmem } from 'node:os';
import { packedSize } from '../../model/cholesky.ts';
import { AppError } from '../../runtime/errors.ts';
import { gpuKernelBytes } from './gpu/gpu-kernel.ts';
import { kernelBytes } from './kernel/kernel.ts';
import { DIRECTIONS } from './met-directions.ts';

const F64 = Float64Array.BYTES_PER_ELEMENT;
const F32 = Float32Array.BYTES_PER_ELEMENT;
const I32 = Int32Array.BYTES_PER_ELEMENT;
const MIB = 2 ** 20;

/** Bytes that one more rating, reader or book adds to a state of D = K + 1 numbers and its kernel. */
export interface BytesEach {
  readonly rating: number;
  /** The same for a reader and for a book. */
  readonly row: number;
}

/**
 * What `startState` and `buildRatingMatrix` lay out: by rating two indices, a slot, the value and, with content effects,
 * mean, variance and K covariances of the shift, and where it is latent a value of its own, its variance and cell; by reader and book mean,
 * covariance, noise, prior mean and a mark.
 */
export function stateBytesEach(
  dim: number,
  { hasContent, isLatent }: Pick<Load, 'hasContent' | 'isLatent'>,
): BytesEach {
  const shift = hasContent ? F64 * (dim + 1) : 0;
  const latent = isLatent ? 2 * F64 + I32 : 0;
  return {
    rating: 3 * I32 + F64 + shift + latent,
    row: F64 * (2 * dim + packedSize(dim) + 1) + 1,
  };
}

/** What a run has to hold: all rows of the data, whatever part of them it trains on first. */
export interface Load {
  readonly readers: number;
  readonly books: number;
  readonly ratings: number;
  readonly hasContent: boolean;
  /** Whether ratings are latent. */
  readonly isLatent: boolean;
  /** Labels of both sides that are links to what was met, and links to them. */
  readonly linkLabels: number;
  readonly links: number;
  /** Most ties between books. */
  readonly ties: number;
  /** Threads that ask a GPU, and the ratings of the reader or book that has most; null on the CPU. */
  readonly gpu: { readonly threads: number; readonly longest: number } | null;
  /** Most numbers that the candidates of the interest model are kept as. */
  readonly candidates: number;
  /** Threads that make lists. */
  readonly threads: number;
}

/** A list thread before it holds anything: its own heap and compiled code. */
export const THREAD_BYTES = 80 * MIB;
/** What the main thread's heap grows by while it evaluates and writes. */
const WRITING_BYTES = 104 * MIB;
/** Bytes of a tie: as it is kept, and while ties are picked out, in columns that grow by half of themselves. */
const TIE_BYTES = 12;
const TIE_BUILDING_BYTES = 32;
/** Bytes of a link, seen from both of its ends, and numbers a dimension of each label that is linked to: `SidePrior`. */
const LINK_BYTES = 2 * (I32 + F64);
const LINK_NUMBERS = 3;
/** Numbers a book beside its posterior: noise, precision, works, labels, and the workspace of a list. */
const BOOK_NUMBERS = 16;
/** Of where it lies among the directions. */
const PLACE_BYTES = DIRECTIONS * F32;

/**
 * Bytes of a training at its peak, beside what is in memory before it: two states with their kernels, since one is made from
 * the other when rows are taken in, the directions of the books for the other, the records of the books, the residuals of a prior, and the thread that makes ties.
 */
export function trainingBytes(load: Load, dim: number): number {
  const { readers, books, hasContent } = load;
  const kernel = kernelOf(load, dim);
  const directions = hasContent ? books * (2 * PLACE_BYTES + BOOK_NUMBERS * F64) : 0;
  const residuals = Math.max(readers, books) * dim * F64;
  const basis = load.ties * TIE_BUILDING_BYTES + besideBytes(load, 1);
  return 2 * (stateBytes(load, dim) + kernel) + directions + residuals + basis;
}

/** The same of the interest model, whose candidates and ties are made and learned from beside state and kernel, in two threads of which one has a model of its own. */
export function interestBytes(load: Load, dim: number): number {
  const kernel = kernelOf(load, dim);
  const made = 2 * modelBytes(load, dim) + load.ties * TIE_BUILDING_BYTES + besideBytes(load, 2);
  return stateBytes(load, dim) + kernel + made + load.candidates * F64;
}

/** The same of the lists: the state, the model as numbers and as an artefact, and both once more for each thread. */
export function listBytes(load: Load, dim: number): number {
  const { ties, threads } = load;
  const each = modelBytes(load, dim) + artefactBytes(load, dim);
  const here = stateBytes(load, dim) + WRITING_BYTES + each + ties * TIE_BYTES;
  return here + threads * (THREAD_BYTES + each);
}

/** Of so many threads that work beside this one, where there is to be more than one. */
function besideBytes({ threads }: Load, count: number): number {
  return threads > 1 ? count * THREAD_BYTES : 0;
}

function modelBytes({ books, ties }: Load, dim: number): number {
  const numbers = (dim + packedSize(dim) + BOOK_NUMBERS) * F64;
  return books * (numbers + PLACE_BYTES) + ties * TIE_BYTES;
}

/** Without the ties, which a thread does not copy out of its artefact. */
function artefactBytes({ books }: Load, dim: number): number {
  return books * ((dim + packedSize(dim) + BOOK_NUMBERS) * F32 + PLACE_BYTES);
}

function stateBytes(load: Load, dim: number): number {
  const each = stateBytesEach(dim, load);
  const links = load.links * LINK_BYTES + load.linkLabels * LINK_NUMBERS * dim * F64;
  return load.ratings * each.rating + (load.readers + load.books) * each.row + links;
}

function kernelOf(load: Load, dim: number): number {
  const { readers, books, ratings, hasContent, isLatent, gpu } = load;
  const size = { readers, books, size: ratings };
  const needs = { isShifted: hasContent, isLatent };
  if (gpu === null) return kernelBytes(size, dim, needs);
  const { threads, longest } = gpu;
  return gpuKernelBytes({ ...size, longest }, dim, { ...needs, threads });
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

/** Throws `MEMORY_TOO_SMALL`, with the number needed, where what is in use and the run together exceed the budget. */
export function assertRoom(budget: Budget, load: Load, dim: number, inUse: number): void {
  const phases = [trainingBytes, interestBytes, listBytes].map((bytes) => bytes(load, dim));
  const needed = inUse + Math.max(...phases);
  if (needed <= budget.bytes) return;
  const { readers, books, ratings, threads } = load;
  const [need, have] = [needed, budget.bytes].map((bytes) => Math.ceil(bytes / MIB));
  throw new AppError(
    'MEMORY_TOO_SMALL',
    `Training on ${ratings} ratings of ${readers} readers and ${books} books with ${dim - 1} factors and lists on ${threads} threads needs about ${need} MiB, and ${budget.whose} is ${have} MiB`,
    'Give the training that much memory (in the chart: trainer.resources), or a lower --rank or --threads; --memory-budget overrides what was found.',
  );
}
