import { readFileSync } from 'node:fs';
import { packedSize } from '../../../model/cholesky.ts';
import type { RatingMatrix } from '../../../model/rating-matrix.ts';
import { sharedInts } from '../../../model/shared-array.ts';

/**
 * What `assembly/index.ts` exports, with the parameters that are listed there; pointers are bytes of the kernel's memory. The
 * first of each says whether records are wide.
 */
export interface KernelExports {
  readonly sum: (...args: SumArguments) => number;
  readonly solve: (...args: SolveArguments) => number;
  readonly moments: (wide: number, dim: number, mean: number, cov: number, to: number) => void;
  readonly record: (...args: RecordArguments) => void;
}

type SumArguments = [
  wide: number,
  dim: number,
  records: number,
  zero: number,
  partner: number,
  value: number,
  n: number,
  offset: number,
  sums: number,
  lead: number,
  /** Not looked at where records are wide. */
  totals: number,
];

type SolveArguments = [
  wide: number,
  dim: number,
  numbers: number,
  sums: number,
  stride: number,
  precision: number,
  scale: number,
  mean: number,
  cov: number,
  room: number,
  moments: number,
];

type RecordArguments = [
  wide: number,
  dim: number,
  mean: number,
  stride: number,
  moments: number,
  weights: number,
  targets: number,
];

/** One side's rows in the kernel's memory: byte addresses. */
export interface KernelRows {
  /** Records of the partners. */
  readonly records: number;
  /** Place of each partner's record, in 16 bytes from `records` on: by falling number of ratings, so that those often met share pages. */
  readonly position: Int32Array;
  /** Place of a record of zeros. */
  readonly zero: number;
  /** Columns row by row, each row in the order of its partners' places: place of the partner's record (u32) and rating. */
  readonly partner: number;
  readonly value: number;
  /** Slots in that order, where partners have shifts or values change. */
  readonly slot: Int32Array | null;
}

/**
 * A record holds all that a row sums up over a partner, times the partner's noise factor: (c, E[c^2], unit, 1, q); E[c q]
 * and the columns of the lower triangle of E[q q^T]. All are f64 in a wide record. In a compact one the first part is f32 and
 * the second i16, in units of the largest E[q_a^2] or |E[c q_a]| / 32766, rounded up to eight bits.
 */
export interface RecordLayout {
  /** Numbers of the first part, filled up; they are summed times the rating as well. */
  readonly floats: number;
  /** Numbers that are summed in all, both parts filled up: more than a record has where it ends within what is read at a time. */
  readonly numbers: number;
  readonly bytes: number;
  /** Records in `PAGE_BYTES`, so that none lies on two pages; 0 where one is longer than a page. */
  readonly perPage: number;
}

/** What the threads of a training share of the kernel; can be sent to them. */
export interface Kernel {
  readonly kind: 'wasm';
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /**
   * Whether records and ratings are f64, and rows are solved two at a time in f64: they are where all records fit a cache.
   * Else records are compact, ratings f32, and rows are solved four at a time in f32.
   */
  readonly wide: boolean;
  readonly record: RecordLayout;
  readonly readers: KernelRows;
  readonly books: KernelRows;
}

const PAGE = 65_536;
const MAX_PAGES = 65_536;
const CACHE_LINE = 64;
/** Page of the machine: looking up where one lies takes time. */
const PAGE_BYTES = 4096;
/** Bytes in which places of records count. */
export const PLACE = 16;
/** Bytes of f64 records up to which they are worth it. */
const WIDE_BYTES = 2 ** 26;
/** Ratings that are read, and not used, behind the end of a column. */
const OVERRUN = 8;
/** Bytes left to the workspaces of threads. */
const WORKSPACES = 2 ** 26;

/** What a kernel is made for. */
export interface KernelNeeds {
  /** Whether readers have shifts. */
  readonly isShifted: boolean;
  /** Whether ratings are latent, so that `takeValues` follows. */
  readonly isLatent: boolean;
}

/** Bytes that the kernel needs for so many readers, books and ratings, workspaces aside; 4 an entity and, for each list of slots, 4 a rating are beside its memory. */
export function kernelBytes(
  { readers, books, size }: { readers: number; books: number; size: number },
  dim: number,
  { isShifted, isLatent }: KernelNeeds,
): number {
  const wide = isWide(readers + books, dim);
  const layout = recordLayout(dim, wide);
  const records = placeOf(readers + 1, layout) + placeOf(books + 1, layout);
  const positions = (readers + books) * Int32Array.BYTES_PER_ELEMENT;
  const lists = Number(isShifted || isLatent) + Number(isLatent);
  const slots = lists * size * Int32Array.BYTES_PER_ELEMENT;
  return positions + slots + records * PLACE + 2 * (size + OVERRUN) * (wide ? 12 : 8);
}

function isWide(entities: number, dim: number): boolean {
  return entities * recordLayout(dim, true).bytes <= WIDE_BYTES;
}

function recordLayout(dim: number, wide: boolean): RecordLayout {
  const up = (numbers: number, step: number): number => Math.ceil(numbers / step) * step;
  const floats = up(dim + 3, 4);
  const triangle = packedSize(dim) - 1;
  const bytes = wide
    ? (floats + up(triangle, 2)) * 8
    : up(floats * 4 + up(triangle, 8) * 2, CACHE_LINE);
  const numbers = floats + up(triangle, wide ? 2 : 16);
  return { floats, numbers, bytes, perPage: Math.floor(PAGE_BYTES / bytes) };
}

/** Place of the n-th record, from 0. */
function placeOf(n: number, { bytes, perPage }: RecordLayout): number {
  if (perPage === 0) return (n * bytes) / PLACE;
  return (Math.floor(n / perPage) * PAGE_BYTES + (n % perPage) * bytes) / PLACE;
}

/**
 * Lays out the memory for a training and copies the ratings into it, once for all threads; null where it takes more
 * than the 4 GiB that a kernel can address.
 */
export function kernelFor(
  matrix: RatingMatrix,
  dim: number,
  { isShifted, isLatent }: KernelNeeds,
  wide = isWide(matrix.readers + matrix.books, dim),
): Kernel | null {
  const record = recordLayout(dim, wide);
  let end = 0;
  const place = (bytes: number): number => {
    const at = end;
    end = Math.ceil((at + bytes) / PAGE_BYTES) * PAGE_BYTES;
    return at;
  };
  const { readers, books, size, reader, book, readerStart, bookStart, bookSlot } = matrix;
  const rows = (partners: number, slot: Int32Array | null): KernelRows => ({
    records: place(placeOf(partners + 1, record) * PLACE),
    position: sharedInts(partners),
    zero: placeOf(partners, record),
    partner: place((size + OVERRUN) * Uint32Array.BYTES_PER_ELEMENT),
    value: place((size + OVERRUN) * (wide ? 8 : 4)),
    slot,
  });
  const layout = {
    wide,
    record,
    readers: rows(books, isLatent ? sharedInts(size) : null),
    books: rows(readers, isShifted || isLatent ? sharedInts(size) : null),
  };
  const pages = Math.ceil(end / PAGE);
  if (pages + WORKSPACES / PAGE > MAX_PAGES) return null;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: MAX_PAGES, shared: true });
  const { value } = matrix;
  const kernel: Kernel = { kind: 'wasm', module: bestModule(), memory, ...layout };
  fillRows(kernel, kernel.readers, {
    value,
    start: readerStart,
    row: reader,
    partnerStart: bookStart,
    partnerSlot: bookSlot,
  });
  fillRows(kernel, kernel.books, {
    value,
    start: bookStart,
    row: book,
    partnerStart: readerStart,
    partnerSlot: null,
  });
  return kernel;
}

/** Ratings as a side's rows and as their partners' rows see them. */
interface BothWays {
  readonly value: Float64Array;
  /** Starts of the rows. */
  readonly start: Int32Array;
  /** By slot. */
  readonly row: Int32Array;
  readonly partnerStart: Int32Array;
  /** Slots of the partners' ratings; null where a rating's place is its slot. */
  readonly partnerSlot: Int32Array | null;
}

/** Gives the partners their places and writes the columns, partner by partner, so that each row comes out sorted. */
function fillRows(
  { memory, wide, record }: Kernel,
  rows: KernelRows,
  { value, start, row, partnerStart, partnerSlot }: BothWays,
): void {
  const partners = new Uint32Array(memory.buffer, rows.partner, value.length);
  const values = floats(memory.buffer, wide, rows.value, value.length);
  const next = start.slice();
  byRatings(partnerStart).forEach((n, at) => {
    const place = placeOf(at, record);
    rows.position[n] = place;
    for (let k = partnerStart[n]; k < partnerStart[n + 1]; k++) {
      const slot = partnerSlot === null ? k : partnerSlot[k];
      const to = next[row[slot]]++;
      partners[to] = place;
      values[to] = value[slot];
      if (rows.slot !== null) rows.slot[to] = slot;
    }
  });
}

/** Takes the values that the matrix has now. */
export function takeValues({ memory, wide, readers, books }: Kernel, matrix: RatingMatrix): void {
  for (const { slot, value } of [readers, books]) {
    if (slot === null) throw new RangeError('the kernel was not made for values that change');
    const to = floats(memory.buffer, wide, value, slot.length);
    for (let n = 0; n < slot.length; n++) to[n] = matrix.value[slot[n]];
  }
}

/** All entities, those with most ratings first. */
function byRatings(start: Int32Array): Int32Array {
  const count = Float64Array.from({ length: start.length - 1 }, (_, n) => start[n + 1] - start[n]);
  return Int32Array.from(count.keys()).sort((a, b) => count[b] - count[a] || a - b);
}

/** A view of ratings. */
export function floats(
  buffer: SharedArrayBuffer,
  wide: boolean,
  at: number,
  length: number,
): Float64Array | Float32Array {
  return wide ? new Float64Array(buffer, at, length) : new Float32Array(buffer, at, length);
}

/** How the kernel was compiled: relaxed SIMD rounds a product and a sum once. */
export type KernelBuild = 'relaxed' | 'plain';

let best: WebAssembly.Module | null = null;

/** The build with relaxed SIMD where the engine has it. */
function bestModule(): WebAssembly.Module {
  best ??= WebAssembly.validate(bytesOf('relaxed')) ? moduleOf('relaxed') : moduleOf('plain');
  return best;
}

/** A build of the kernel, whatever the engine would choose. */
export function moduleOf(build: KernelBuild): WebAssembly.Module {
  return new WebAssembly.Module(bytesOf(build));
}

function bytesOf(build: KernelBuild): Uint8Array<ArrayBuffer> {
  return readFileSync(new URL(`./row-kernel-${build}.wasm`, import.meta.url));
}

/** A thread's own instance with room of its own at the end of the memory. */
export class KernelThread {
  readonly exports: KernelExports;
  /** Where the room starts; 16 bytes lie on 16 bytes. */
  readonly room: number;
  /** The memory up to the end of the room. */
  readonly buffer: SharedArrayBuffer;

  constructor({ module, memory }: Kernel, bytes: number) {
    // all builds are of one source
    this.exports = new WebAssembly.Instance(module, { env: { memory } }).exports as KernelExports;
    this.room = memory.grow(Math.ceil(bytes / PAGE)) * PAGE;
    this.buffer = memory.buffer;
  }
}
