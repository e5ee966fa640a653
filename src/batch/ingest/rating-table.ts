import type { Interactions, Ratings } from '../../model/data.ts';
import { growingFloat64, growingInt32 } from './growing-array.ts';
import type { RowNotes } from './row-notes.ts';
import { SparseRows } from './sparse-rows.ts';

/** In place of the line of a row that is of no file. */
export const LATER_LINE = 0;

/** One row of a ratings file. */
export interface RatingRow {
  readonly reader: number;
  readonly book: number;
  /** NaN: the two met, without a rating. */
  readonly value: number;
  /** Seconds since 1970; NaN where there is none. */
  readonly time: number;
}

/** The columns of a data set that come from its ratings file. */
export interface RatingColumns {
  readonly ratings: Ratings;
  readonly timestamps: Float64Array | null;
  readonly interactions: Interactions;
  readonly rawBookId: ReadonlyMap<number, string>;
}

/** Rows of a ratings file in typed columns. */
export class RatingTable {
  readonly #reader = growingInt32();
  readonly #book = growingInt32();
  readonly #value = growingFloat64();
  readonly #time = growingFloat64();
  readonly #line = growingInt32();
  readonly #rawId = new Map<number, string>();
  #timed = false;

  get length(): number {
    return this.#reader.length;
  }

  /** `rawBookId`: the book's id as it stands in the file, where it differs from the canonical one. */
  add(row: RatingRow, line: number, rawBookId: string | null): void {
    if (rawBookId !== null) this.#rawId.set(this.#reader.length, rawBookId);
    this.#reader.push(row.reader);
    this.#book.push(row.book);
    this.#value.push(row.value);
    this.#time.push(row.time);
    this.#line.push(line);
    if (!Number.isNaN(row.time)) this.#timed = true;
  }

  /** Ratings that occur, ascending. */
  distinctValues(): number[] {
    const values = new Set(this.#value.view());
    values.delete(Number.NaN);
    return [...values].sort((a, b) => a - b);
  }

  /**
   * Columns in the order of the file, one row a pair: of two ratings or two interactions the last
   * stays, of a rating and an interaction the rating.
   */
  finish(readers: number, books: number, notes: RowNotes): RatingColumns {
    const kept = this.#keptRows(readers, books, notes);
    const value = this.#value.view();
    const rated = kept.filter((row) => !Number.isNaN(value[row]));
    const met = kept.filter((row) => Number.isNaN(value[row]));
    const int = (column: Int32Array, rows: Int32Array): Int32Array =>
      rows.map((row) => column[row] ?? 0);
    const float = (column: Float64Array): Float64Array =>
      Float64Array.from(rated, (row) => column[row] ?? Number.NaN);
    const [reader, book] = [this.#reader.view(), this.#book.view()];
    const rawBookId = new Map<number, string>();
    rated.forEach((row, index) => {
      const raw = this.#rawId.get(row);
      if (raw !== undefined) rawBookId.set(index, raw);
    });
    return {
      ratings: { reader: int(reader, rated), book: int(book, rated), value: float(value) },
      timestamps: this.#timed ? float(this.#time.view()) : null,
      interactions: { reader: int(reader, met), book: int(book, met) },
      rawBookId,
    };
  }

  /** Rows that stay, ascending. */
  #keptRows(readers: number, books: number, notes: RowNotes): Int32Array {
    const byReader = this.#rowsByReader(readers);
    const book = this.#book.view();
    const dropped = new Uint8Array(this.length);
    const lastReader = new Int32Array(books).fill(-1);
    const lastRow = new Int32Array(books);
    for (let n = 0; n < readers; n++) {
      const end = byReader.offsets[n + 1] ?? 0;
      for (let i = byReader.offsets[n] ?? 0; i < end; i++) {
        const row = byReader.indices[i] ?? 0;
        const m = book[row] ?? 0;
        const earlier = lastReader[m] === n ? lastRow[m] : undefined;
        const loser = earlier === undefined ? -1 : this.#loser(earlier, row, notes);
        if (loser >= 0) dropped[loser] = 1;
        if (loser !== row) lastRow[m] = row;
        lastReader[m] = n;
      }
    }
    return Int32Array.from(dropped.keys()).filter((row) => dropped[row] === 0);
  }

  #rowsByReader(readers: number): SparseRows {
    const rows = new SparseRows(readers);
    const reader = this.#reader.view();
    for (const n of reader) rows.count(n);
    rows.start();
    reader.forEach((n, row) => {
      rows.put(n, row);
    });
    return rows;
  }

  /** Which of two rows of one pair goes; `earlier` stands before `later` in the file. */
  #loser(earlier: number, later: number, notes: RowNotes): number {
    const value = this.#value.view();
    const line = this.#line.view();
    const earlierRated = !Number.isNaN(value[earlier]);
    const laterRated = !Number.isNaN(value[later]);
    const loser = earlierRated && !laterRated ? later : earlier;
    const winner = loser === later ? earlier : later;
    const kind =
      earlierRated !== laterRated
        ? 'interaction-of-a-rated-pair'
        : earlierRated
          ? 'duplicate-rating'
          : 'duplicate-interaction';
    const other = line[winner] === LATER_LINE ? 'feedback' : `line ${String(line[winner])}`;
    const text = `the same reader and book as ${other}`;
    notes.setAside(kind, text, line[loser] ?? 0);
    return loser;
  }
}
