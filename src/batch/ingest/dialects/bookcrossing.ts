import { addCatalogueRow, addImprintLabels } from '../book-labels.ts';
import { parseNumber, type DatasetBuilder } from '../dataset-builder.ts';
import { seriesLabels } from '../name-labels.ts';
import { addAgeLabel, addLocationLabels, newReader } from '../reader-labels.ts';
import type { RowNotes } from '../row-notes.ts';
import type { CsvFormat, Dialect, RowReader } from './dialect.ts';

const LEVELS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** The dump was collected in 2004. */
const MAX_YEAR = 2005;

/** Title, author, year and publisher stand after the ISBN in this order in every edition. */
const BOOK_COLUMNS = ['isbn', 'book-title', 'book-author', 'year-of-publication', 'publisher'];

/** An id without the quotes that a badly quoted field leaves on it. */
function unquoted(field: string, notes: RowNotes): string {
  if (!field.includes('"')) return field;
  notes.repaired('stray-quote', field);
  return field.replaceAll('"', '');
}

function bindRatings(columns: readonly string[], build: DatasetBuilder): RowReader {
  const readerAt = columns.indexOf('user-id');
  const bookAt = columns.indexOf('isbn');
  const ratingAt = columns.findIndex((name) => name.endsWith('rating'));
  const places = [readerAt, bookAt, ratingAt] as const;
  // The ratings are read last: all books are known then.
  build.whenRead.push(() => {
    addImprintLabels(build);
  });
  return (fields, notes) => {
    if (fields.length !== columns.length) {
      notes.bad(
        'wrong-number-of-fields',
        Math.min(fields.length, columns.length) - 1,
        fields.join(';'),
      );
      return;
    }
    const text = unquoted(fields[ratingAt] ?? '', notes);
    const rating = parseNumber(text);
    if (rating === null) {
      notes.bad('rating-not-a-number', ratingAt, text);
      return;
    }
    const reader = fields[readerAt] ?? '';
    const row = reader.includes('"') ? fields.with(readerAt, unquoted(reader, notes)) : fields;
    // 0 stands for an interaction without a rating.
    build.rate(row, places, rating === 0 ? Number.NaN : rating, Number.NaN, notes);
  };
}

/** Puts back in place the fields after a title that swallowed the author: `Title\";Author`. */
function splitSwallowedAuthor(
  fields: readonly string[],
  wanted: number,
  notes: RowNotes,
): readonly string[] {
  const [isbn = '', title = '', ...rest] = fields;
  const cut = /^(.*?)\\?"[;,](.*)$/s.exec(title);
  const isShifted = parseNumber(rest[0]) !== null && parseNumber(rest[1]) === null;
  if (cut === null || !isShifted || fields.length > wanted) return fields;
  notes.repaired('author-in-title', title);
  return [isbn, cut[1] ?? '', (cut[2] ?? '').replace(/"+$/, ''), ...rest];
}

function bindBooks(columns: readonly string[], build: DatasetBuilder): RowReader {
  const places = BOOK_COLUMNS.map((name) => columns.indexOf(name));
  return (fields, notes) => {
    const whole = splitSwallowedAuthor(fields, columns.length, notes);
    const [isbn = '', title = '', author = '', year = '', publisher = ''] = places.map(
      (place) => whole[place] ?? '',
    );
    if (whole.length < BOOK_COLUMNS.length) {
      notes.bad('wrong-number-of-fields', whole.length - 1, whole.join(';'));
      return;
    }
    const book = build.books.index(isbn, notes);
    if (book === null) {
      notes.bad('missing-book-id', 0, isbn);
      return;
    }
    const entry = addCatalogueRow(build, book, { title, author, year, publisher }, notes);
    if (entry === null) return;
    for (const label of seriesLabels(entry.title)) {
      build.bookFamilies.family('series').add(book, label);
    }
  };
}

function bindReaders(columns: readonly string[], build: DatasetBuilder): RowReader {
  const idAt = columns.indexOf('user-id');
  const locationAt = columns.indexOf('location');
  const ageAt = columns.indexOf('age');
  return (fields, notes) => {
    const reader = newReader(build, unquoted(fields[idAt] ?? '', notes), idAt, notes);
    if (reader === null) return;
    addLocationLabels(build, reader, fields[locationAt] ?? '', notes);
    addAgeLabel(build, reader, fields[ageAt] ?? '', notes);
  };
}

/** File names without `BX-`, the separator and the style of quotes differ from edition to edition. */
function bookcrossing(name: string, prefix: string, csv: CsvFormat): Dialect {
  const names = (stem: string, other: string[]): string[] =>
    [stem, ...other].map((base) => `${prefix}${base}.csv`);
  return {
    name,
    levels: LEVELS,
    isbn: true,
    maxYear: MAX_YEAR,
    ratings: {
      names: names('ratings', ['book-ratings']),
      csv,
      required: ['user-id', 'isbn'],
      bind: bindRatings,
    },
    books: {
      names: names('books', []),
      csv,
      required: ['isbn', 'book-title'],
      bind: bindBooks,
    },
    readers: { names: names('users', []), csv, required: ['user-id'], bind: bindReaders },
  };
}

/** The original dump: semicolons, every field quoted, quotes escaped by a backslash. */
export const bookcrossingDump = bookcrossing('bookcrossing', 'bx-', {
  delimiter: ';',
  quotes: 'backslash',
});

/** The newer edition: `Ratings.csv`, `Books.csv`, `Users.csv` with commas and doubled quotes. */
export const bookcrossingCsv = bookcrossing('bookcrossing-csv', '', {
  delimiter: ',',
  quotes: 'doubled',
});
