import { readFileSync } from 'node:fs';
import { packedSize } from '../../../model/cholesky.ts';
import type { RatingMatrix } from '../../../model/rating-matrix.ts';
import { sharedInts } from '../../../model/shared-array.ts';

/** What `assembly/row-kernel.ts` exports, with the parameters that are listed there; pointers are bytes of the kernel's memory. */
export interface KernelExports {
  readonly sum32: (...args: SumArguments) => number;
  readonly sum64: (...args: SumArguments) => number;
  readonly solve: (...args: SolveArguments) => number;
  readonly record: (...args: RecordArguments) => void;
}

type SumArguments = [
  records: number,
  bytes: number,
  zero: number,
  head: number,
  partner: number,
  value: number,
  n: number,
  offset: number,
  sums: number,
  lead: number,
];

type SolveArguments = [
  dim: number,
  sums: number,
  lead: number,
  prior: number,
  stride: number,
  precision: number,
  scale: number,
  mean: number,
  cov: number,
  room: number,
  moments: number,
];

type RecordArguments = [
  dim: number,
  mean: number,
  moments: number,
  own: number,
  weight: number,
  wide: number,
  to: number,
];

/** One side's rows in the kernel's memory: byte addresses. */
export interface KernelRows {
  /** Records of the partners, one of zeros behind them. */
  readonly records: number;
  readonly partners: number;
  /** Place of each partner's record: by falling number of ratings, so that those often met share pages. */
  readonly position: Int32Array;
  /** Columns in the order of the rows: partner (u32) and rating. */
  readonly partner: number;
  readonly value: number;
}

/**
 * What the threads of a training share of the kernel; can be sent to them. A record holds all that a row sums up over
 * a partner, times the partner's noise factor: (c, 1, q) and the columns of E[(1, q)(1, q)^T] below the diagonal, of which
 * the first has 1 and q, then E[c q] and E[c^2].
 */
export interface Kernel {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** Whether records and ratings are f64: they are where all records fit a cache, and f32 else. */
  readonly wide: boolean;
  /** Numbers in a record, filled up to 16 bytes. */
  readonly record: number;
  readonly readers: KernelRows;
  readonly books: KernelRows;
}

const PAGE = 65_536;
const MAX_PAGES = 65_536;
/** Bytes of f64 records up to which they are worth it. */
const WIDE_BYTES = 2 ** 26;
/** Ratings that are read, and not used, behind the end of a column. */
const OVERRUN = 8;
/** Bytes left to the workspaces of threads. */
const WORKSPACES = 2 ** 26;

/** Numbers of a record before it is filled up. */
export function recordSize(dim: number): number {
  return packedSize(dim) + dim + 1;
}

/** Bytes that the kernel needs for so many readers, books and ratings, workspaces aside; 4 an entity are beside its memory. */
export function kernelBytes(
  { readers, books, size }: { readers: number; books: number; size: number },
  dim: number,
): number {
  const wide = isWide(readers + books, dim);
  const record = paddedRecord(dim, wide) * (wide ? 8 : 4);
  const positions = (readers + books) * Int32Array.BYTES_PER_ELEMENT;
  return positions + (readers + books + 2) * record + 2 * (size + OVERRUN) * (wide ? 12 : 8);
}

function isWide(entities: number, dim: number): boolean {
  return entities * recordSize(dim) * Float64Array.BYTES_PER_ELEMENT <= WIDE_BYTES;
}

function paddedRecord(dim: number, wide: boolean): number {
  const step = wide ? 2 : 4;
  return Math.ceil(recordSize(dim) / step) * step;
}

/**
 * Lays out the memory for a training and copies the ratings into it, once for all threads; null where it takes more
 * than the 4 GiB that a kernel can address.
 */
export function kernelFor(
  matrix: RatingMatrix,
  dim: number,
  wide = isWide(matrix.readers + matrix.books, dim),
): Kernel | null {
  const number = wide ? 8 : 4;
  const record = paddedRecord(dim, wide);
  let end = 0;
  const place = (bytes: number): number => {
    const at = end;
    // a cache line
    end = Math.ceil((at + bytes) / 64) * 64;
    return at;
  };
  const rows = (partnerStart: Int32Array, partners: number): KernelRows => ({
    records: place((partners + 1) * record * number),
    partners,
    position: placesByRatings(partnerStart),
    partner: place((matrix.size + OVERRUN) * Uint32Array.BYTES_PER_ELEMENT),
    value: place((matrix.size + OVERRUN) * number),
  });
  const layout = {
    wide,
    record,
    readers: rows(matrix.bookStart, matrix.books),
    books: rows(matrix.readerStart, matrix.readers),
  };
  const pages = Math.ceil(end / PAGE);
  if (pages + WORKSPACES / PAGE > MAX_PAGES) return null;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: MAX_PAGES, shared: true });
  copyColumns(memory, layout.readers, wide, matrix.book, matrix.value);
  const byBook = { partner: matrix.reader, value: matrix.value, slot: matrix.bookSlot };
  copyColumns(memory, layout.books, wide, byBook.partner, byBook.value, byBook.slot);
  return { module: bestModule(), memory, ...layout };
}

// eslint-disable-next-line max-params -- columns
function copyColumns(
  { buffer }: WebAssembly.Memory,
  rows: KernelRows,
  wide: boolean,
  partner: Int32Array,
  value: Float64Array,
  slot: Int32Array | null = null,
): void {
  const size = partner.length;
  const partners = new Uint32Array(buffer, rows.partner, size);
  const values = floats(buffer, wide, rows.value, size);
  for (let k = 0; k < size; k++) {
    const at = slot === null ? k : slot[k];
    partners[k] = rows.position[partner[at]];
    values[k] = value[at];
  }
}

function placesByRatings(start: Int32Array): Int32Array {
  const count = Float64Array.from({ length: start.length - 1 }, (_, n) => start[n + 1] - start[n]);
  const order = Int32Array.from(count.keys()).sort((a, b) => count[b] - count[a] || a - b);
  const position = sharedInts(count.length);
  for (let at = 0; at < order.length; at++) position[order[at]] = at;
  return position;
}

/** A view of records or ratings. */
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
