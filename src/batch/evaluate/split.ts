import { hash } from 'node:crypto';
import { AppError } from '../../runtime/errors.ts';
import type { Dataset } from '../ingest/dataset.ts';

/** Ways to hold ratings out; definitions in docs/metrics.md. */
export type SplitKind = 'random' | 'leave-cold-readers' | 'leave-cold-books' | 'temporal';

/** Which ratings are held out. */
export interface SplitOptions {
  readonly kind: SplitKind;
  readonly seed: number;
  /** Share of the rows (readers, books) that is held out, 0 to 1. */
  readonly fraction: number;
}

/** Rows of `dataset.ratings`, ascending; every row is in exactly one of the two. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Splits the ratings; throws `BAD_SETTINGS` for a bad fraction or a temporal split without times. */
export function splitRows(dataset: Dataset, options: SplitOptions): Split {
  const { fraction } = options;
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new AppError(
      'BAD_SETTINGS',
      `The held-out share is ${fraction}`,
      'Give a share from 0 to 1, such as 0.1.',
    );
  }
  return partition(heldOut(dataset, options));
}

/** Whether `text` (as UTF-8) falls into the share `fraction`: first 4 bytes of SHA-256 below it. */
export function hashedBelow(text: string, fraction: number): boolean {
  return Number.parseInt(hash('sha256', text, 'hex').slice(0, 8), 16) < fraction * 2 ** 32;
}

/** 1 for each test row. */
function heldOut(dataset: Dataset, { kind, seed, fraction }: SplitOptions): Uint8Array {
  const { reader, book } = dataset.ratings;
  switch (kind) {
    case 'random': {
      const { readers, books, rawBookId } = dataset;
      return Uint8Array.from(reader, (u, row) => {
        const item = rawBookId.get(row) ?? books.ids[book[row]];
        return hashedBelow(`${seed}:${readers.ids[u]}:${item}`, fraction) ? 1 : 0;
      });
    }
    case 'leave-cold-readers':
      return whole(reader, dataset.readers.ids, seed, fraction);
    case 'leave-cold-books':
      return whole(book, dataset.books.ids, seed, fraction);
    case 'temporal':
      return newest(dataset.timestamps, fraction);
  }
}

/** Holds out all rows of an entity or none. */
function whole(
  entity: Int32Array,
  ids: readonly string[],
  seed: number,
  fraction: number,
): Uint8Array {
  const out = Uint8Array.from(ids, (id) => (hashedBelow(`${seed}:${id}`, fraction) ? 1 : 0));
  return Uint8Array.from(entity, (n) => out[n]);
}

function newest(timestamps: Float64Array | null, fraction: number): Uint8Array {
  if (timestamps === null) {
    throw new AppError(
      'BAD_SETTINGS',
      'A temporal split needs the time of each rating, which these data do not have',
      'Choose another split, such as random.',
    );
  }
  const rows = Int32Array.from(timestamps.keys());
  // Ratings of unknown time come first: feedback, which follows, has times.
  const time = timestamps.map((at) => (Number.isNaN(at) ? -Infinity : at));
  rows.sort((a, b) => (time[a] === time[b] ? a - b : time[a] - time[b]));
  const test = new Uint8Array(rows.length);
  for (const row of rows.subarray(rows.length - Math.round(fraction * rows.length))) test[row] = 1;
  return test;
}

/** Splits rows by a mark: 1 is test, 0 is train; other rows are in neither. */
export function partition(mark: Uint8Array): Split {
  const rowsWith = (wanted: number): Int32Array => {
    const rows = new Int32Array(mark.reduce((n, m) => n + (m === wanted ? 1 : 0), 0));
    let at = 0;
    for (let row = 0; row < mark.length; row++) if (mark[row] === wanted) rows[at++] = row;
    return rows;
  };
  return { train: rowsWith(0), test: rowsWith(1) };
}
