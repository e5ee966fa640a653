import { crc32 } from 'node:zlib';
import type { RankedList } from '../model/ranked-list.ts';
import { AppError } from '../runtime/errors.ts';
import { corrupt } from './store-error.ts';
import type { ReaderRecord } from './store.ts';

/**
 * A reader's record in bytes, little-endian:
 *
 * | at | what |
 * | --- | --- |
 * | 0 | u8 format, 2 |
 * | 1 | u8 source: 0 prior, 1 personal |
 * | 2 | u16 items n of the list |
 * | 4 | u32 labels, u32 rated books, u32 unrated books |
 * | 16 | f32 least and greatest rating of the list, f32 greatest standard deviation |
 * | 28 | u32 CRC-32 of all other bytes |
 * | 32 | u32 columns: books of the list, labels, rated books, unrated books |
 * | | f32 columns: values of the rated books, interest of the list |
 * | | u16 columns, n each: mean, low, high between the two ratings; three deviations from 0 to the greatest |
 * | | u8 column, n: signal |
 *
 * 21 bytes an item. A rating is off by at most 1 / 131,070 of the list's own span.
 */
const FORMAT = 2;
const HEADER = 32;
const CRC_AT = 28;
const STEPS = 65_535;
const MAX_LIST = 65_535;

const RATING_COLUMNS = ['mean', 'low', 'high'] as const;
const SPREAD_COLUMNS = ['sdReader', 'sdBook', 'sdNoise'] as const;

/** Packs a record; throws `NUMERICAL` if a value of the list is not finite. */
export function encodeReader(record: ReaderRecord): Uint8Array {
  const { list } = record;
  const n = list.book.length;
  if (n > MAX_LIST) {
    throw new AppError(
      'INTERNAL',
      `A list of ${String(n)} books cannot be stored`,
      `Store ${String(MAX_LIST)} or fewer.`,
    );
  }
  const bytes = new Uint8Array(
    sizeOf(n, record.labels.length, record.ratedBook.length, record.unratedBook.length),
  );
  const ratings = rangeOf(list, RATING_COLUMNS);
  const spreads = rangeOf(list, SPREAD_COLUMNS);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FORMAT);
  view.setUint8(1, record.source === 'personal' ? 1 : 0);
  view.setUint16(2, n, true);
  view.setUint32(4, record.labels.length, true);
  view.setUint32(8, record.ratedBook.length, true);
  view.setUint32(12, record.unratedBook.length, true);
  view.setFloat32(16, ratings.min, true);
  view.setFloat32(20, ratings.max, true);
  view.setFloat32(24, spreads.max, true);
  let at = HEADER;
  for (const column of [list.book, record.labels, record.ratedBook, record.unratedBook]) {
    new Uint32Array(bytes.buffer, at, column.length).set(column);
    at += column.byteLength;
  }
  new Float32Array(bytes.buffer, at, record.ratedValue.length).set(record.ratedValue);
  at += record.ratedValue.byteLength;
  new Float32Array(bytes.buffer, at, n).set(list.interest);
  at += list.interest.byteLength;
  for (const name of RATING_COLUMNS) at = quantize(list[name], bytes, at, ratings.min, ratings.max);
  for (const name of SPREAD_COLUMNS) at = quantize(list[name], bytes, at, 0, spreads.max);
  bytes.set(list.signal, at);
  view.setUint32(CRC_AT, checksum(bytes), true);
  return bytes;
}

/** Unpacks a record; throws `STORE_CORRUPT` for another format, a cut or a changed byte. */
export function decodeReader(stored: Uint8Array): ReaderRecord {
  // A copy is aligned for views, and does not hold on to the socket's or LMDB's larger buffer.
  const bytes = new Uint8Array(stored);
  if (bytes.length < HEADER) throw corrupt('A stored reader record is too short');
  const view = new DataView(bytes.buffer);
  const format = view.getUint8(0);
  if (format !== FORMAT)
    throw corrupt(`A stored reader record has the unknown format ${String(format)}`);
  const n = view.getUint16(2, true);
  const labels = view.getUint32(4, true);
  const rated = view.getUint32(8, true);
  const unrated = view.getUint32(12, true);
  if (bytes.length !== sizeOf(n, labels, rated, unrated))
    throw corrupt('A stored reader record has another length than it says');
  if (view.getUint32(CRC_AT, true) !== checksum(bytes))
    throw corrupt('A stored reader record has changed bytes');
  const min = view.getFloat32(16, true);
  const max = view.getFloat32(20, true);
  const spread = view.getFloat32(24, true);
  let at = HEADER;
  const u32 = (length: number): Uint32Array => {
    const column = new Uint32Array(bytes.buffer, at, length);
    at += column.byteLength;
    return column;
  };
  const book = u32(n);
  const labelColumn = u32(labels);
  const ratedBook = u32(rated);
  const unratedBook = u32(unrated);
  const ratedValue = new Float32Array(bytes.buffer, at, rated);
  at += ratedValue.byteLength;
  const interest = new Float32Array(bytes.buffer, at, n);
  at += interest.byteLength;
  const restore = (from: number, to: number): Float32Array => {
    const column = dequantize(new Uint16Array(bytes.buffer, at, n), from, to);
    at += n * 2;
    return column;
  };
  return {
    source: view.getUint8(1) === 1 ? 'personal' : 'prior',
    list: {
      book,
      mean: restore(min, max),
      low: restore(min, max),
      high: restore(min, max),
      sdReader: restore(0, spread),
      sdBook: restore(0, spread),
      sdNoise: restore(0, spread),
      interest,
      signal: bytes.slice(bytes.length - n),
    },
    labels: labelColumn,
    ratedBook,
    ratedValue,
    unratedBook,
  };
}

function sizeOf(n: number, labels: number, rated: number, unrated: number): number {
  return HEADER + 21 * n + 4 * labels + 8 * rated + 4 * unrated;
}

type NumberColumn = (typeof RATING_COLUMNS)[number] | (typeof SPREAD_COLUMNS)[number];

/** Least and greatest value over some columns of a list; 0 and 0 for an empty list. */
function rangeOf(list: RankedList, names: readonly NumberColumn[]): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const name of names) {
    const column = list[name];
    if (column.length !== list.book.length) {
      throw new AppError(
        'INTERNAL',
        `Column ${name} of a list has another length`,
        'Report this as a bug.',
      );
    }
    for (let i = 0; i < column.length; i++) {
      const value = column[i] ?? Number.NaN;
      if (!Number.isFinite(value)) {
        throw new AppError(
          'NUMERICAL',
          `${name} of item ${String(i)} of a list is not finite`,
          'Train again with other settings; nothing is published.',
        );
      }
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? { min, max } : { min: 0, max: 0 };
}

function quantize(
  column: Float32Array,
  bytes: Uint8Array,
  at: number,
  from: number,
  to: number,
): number {
  const out = new Uint16Array(bytes.buffer, at, column.length);
  const scale = to > from ? STEPS / (to - from) : 0;
  for (let i = 0; i < column.length; i++) out[i] = Math.round(((column[i] ?? 0) - from) * scale);
  return at + out.byteLength;
}

function dequantize(column: Uint16Array, from: number, to: number): Float32Array {
  const out = new Float32Array(column.length);
  const step = (to - from) / STEPS;
  for (let i = 0; i < column.length; i++) out[i] = from + (column[i] ?? 0) * step;
  return out;
}

/** CRC-32 of a record without the place of the checksum itself. */
function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(CRC_AT + 4), crc32(bytes.subarray(0, CRC_AT)));
}
