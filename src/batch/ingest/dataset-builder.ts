import { BookTable } from './book-table.ts';
import { FamilySet } from './family-set.ts';
import { IdTable } from './id-table.ts';
import { LATER_LINE, RatingTable } from './rating-table.ts';
import { decodeText } from './decode-text.ts';
import type { RowNotes } from './row-notes.ts';

/** Settings of a build that rows are checked against. */
export interface BuildOptions {
  /** Ids of books are ISBNs. */
  readonly isbn: boolean;
  /** Levels that a rating may have; null: any number. */
  readonly levels: ReadonlySet<number> | null;
  /** Latest year of publication that is plausible. */
  readonly maxYear: number;
  /** Threshold of every family, instead of the families' own. */
  readonly minLabelCount: number | undefined;
  /** Ids of readers whose rows are left out. */
  readonly erased: ReadonlySet<string>;
}

/** In place of the index of a reader whose rows are left out. */
export const ERASED = -1;

/** The parts of a data set while its files are read. */
export class DatasetBuilder {
  readonly readers = new IdTable();
  readonly books: BookTable;
  readonly ratings = new RatingTable();
  readonly readerFamilies: FamilySet;
  readonly bookFamilies: FamilySet;
  readonly maxYear: number;
  /** Work that needs a whole file, such as quantiles; done after the last row. */
  readonly whenRead: Array<() => void> = [];
  readonly #erased: ReadonlySet<string>;
  readonly #levels: ReadonlySet<number> | null;
  readonly #readerOfBytes = new Map<string, number>();

  constructor(options: BuildOptions) {
    this.books = new BookTable(options.isbn);
    this.readerFamilies = new FamilySet('readers', options.minLabelCount);
    this.bookFamilies = new FamilySet('books', options.minLabelCount);
    this.maxYear = options.maxYear;
    this.#levels = options.levels;
    this.#erased = options.erased;
  }

  /** Index of the reader with this id as it stands in a file, `ERASED`, or null where it is empty. */
  reader(bytes: string): number | null {
    const known = this.#readerOfBytes.get(bytes);
    if (known !== undefined) return known;
    const id = decodeText(bytes).trim();
    if (id === '') return null;
    const index = this.#erased.has(id) ? ERASED : this.readers.add(id);
    this.#readerOfBytes.set(bytes, index);
    return index;
  }

  /** Whether a rating is on the scale, where that is known. */
  isLevel(rating: number): boolean {
    return this.#levels === null || this.#levels.has(rating);
  }

  /**
   * One row of a ratings file, checked: ids that are not empty, a rating on the scale. NaN is an
   * interaction. `columns` are the places of reader, book and rating in the fields.
   */
  rate(
    fields: readonly string[],
    columns: readonly [reader: number, book: number, rating: number],
    value: number,
    time: number,
    notes: RowNotes,
  ): void {
    const [readerAt, bookAt, ratingAt] = columns;
    if (!Number.isNaN(value) && !this.isLevel(value)) {
      notes.bad('rating-out-of-scale', ratingAt, String(value));
      return;
    }
    const bytes = fields[bookAt] ?? '';
    const readerBytes = fields[readerAt] ?? '';
    if (readerBytes.trim() === '') {
      notes.bad('missing-reader-id', readerAt, readerBytes);
      return;
    }
    const reader = this.reader(readerBytes) ?? 0;
    if (reader === ERASED) {
      notes.setAside('erased-reader', '');
      return;
    }
    const book = this.books.index(bytes, notes);
    if (book === null) {
      notes.bad('missing-book-id', bookAt, bytes);
      return;
    }
    const asWritten = this.books.id(book) === bytes ? null : decodeText(bytes);
    this.ratings.add({ reader, book, value, time }, notes.line, asWritten);
  }
}

/** A rating that a reader gave after the files were written. */
export interface LaterRating {
  readonly reader: string;
  readonly book: string;
  readonly rating: number;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Adds ratings that follow those of the files, so that of two ratings of one book theirs stays. */
export function addLater(
  build: DatasetBuilder,
  later: readonly LaterRating[],
  notes: RowNotes,
): void {
  notes.line = LATER_LINE;
  for (const { reader, book: id, rating, time } of later) {
    // Ids in files are bytes.
    const book = build.books.index(Buffer.from(id, 'utf8').toString('latin1'), notes);
    if (book === null || !build.isLevel(rating)) {
      notes.setAside('feedback-on-another-scale', String(rating));
      continue;
    }
    const row = { reader: build.readers.add(reader), book, value: rating, time };
    build.ratings.add(row, LATER_LINE, null);
  }
}

/** A number as it stands in a file, or null where it is missing or none. */
export function parseNumber(text: string | undefined): number | null {
  const trimmed = text?.trim() ?? '';
  if (trimmed === '') return null;
  const value = Number(trimmed);
  return Number.isFinite(value) ? value : null;
}
