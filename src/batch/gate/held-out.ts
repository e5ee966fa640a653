import { hash } from 'node:crypto';
import { packColumns, unpackColumns } from '../../store/columns.ts';
import type { Dataset } from '../ingest/dataset.ts';

/** Name of the version's artefact that keeps its held-out predictions for later gates. */
export const HELD_OUT_BLOB = 'held-out';

/** Predictions of a version on the rows that it did not learn from, as parallel columns. */
export interface HeldOut {
  /** `pairKey` of reader and book. */
  readonly key: Float64Array;
  readonly value: Float32Array;
  /** Predicted mean. */
  readonly prediction: Float32Array;
}

/** First 52 bits of SHA-256(`<user>:<item>`), as an exact integer; item is the canonical id. */
export function pairKey(user: string, item: string): number {
  return Number.parseInt(hash('sha256', `${user}:${item}`, 'hex').slice(0, 13), 16);
}

/** Held-out predictions of the rows `test` of the ratings; `prediction` is in the order of `test`. */
export function heldOutOf(dataset: Dataset, test: Int32Array, prediction: Float64Array): HeldOut {
  const { ratings, readers, books } = dataset;
  const column = (array: ArrayLike<number>, row: number): number => array[row] ?? Number.NaN;
  return {
    key: Float64Array.from(test, (row) =>
      pairKey(
        readers.ids[column(ratings.reader, row)] ?? '',
        books.ids[column(ratings.book, row)] ?? '',
      ),
    ),
    value: Float32Array.from(test, (row) => column(ratings.value, row)),
    prediction: Float32Array.from(prediction),
  };
}

/** Bytes of the artefact `held-out`. */
export function packHeldOut({ key, value, prediction }: HeldOut): Uint8Array {
  return packColumns({ key, value, prediction });
}

/** Reads the artefact back; throws `STORE_CORRUPT`. */
export function unpackHeldOut(bytes: Uint8Array): HeldOut {
  const columns = unpackColumns(bytes);
  return {
    key: columns.array('key', Float64Array),
    value: columns.array('value', Float32Array),
    prediction: columns.array('prediction', Float32Array),
  };
}
