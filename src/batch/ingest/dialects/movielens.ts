import { addCatalogueRow } from '../book-labels.ts';
import type { DatasetBuilder } from '../dataset-builder.ts';
import { addAgeLabel, newReader } from '../reader-labels.ts';
import type { RowNotes } from '../row-notes.ts';
import type { CsvFormat, Dialect, RowReader } from './dialect.ts';
import { bindPlainRatings } from './plain-ratings.ts';

const BARS: CsvFormat = { delimiter: '|', quotes: 'none' };
const COLONS: CsvFormat = { delimiter: '::', quotes: 'none' };
const COMMAS: CsvFormat = { delimiter: ',', quotes: 'doubled' };

const RATING_COLUMNS = ['userid', 'movieid', 'rating', 'timestamp'];

/** The flags of u.item in their order. */
const GENRES = (
  "unknown|Action|Adventure|Animation|Children's|Comedy|Crime|Documentary|Drama|Fantasy|Film-Noir|" +
  'Horror|Musical|Mystery|Romance|Sci-Fi|Thriller|War|Western'
).split('|');

/** Ages of the edition with a million ratings are codes of bands. */
const AGE_CODES: ReadonlyMap<string, string> = new Map([
  ['1', 'under-18'],
  ['18', '18-24'],
  ['25', '25-34'],
  ['35', '35-44'],
  ['45', '45-49'],
  ['50', '50-55'],
  ['56', '56-over'],
]);

const bindRatings = (columns: readonly string[], build: DatasetBuilder): RowReader =>
  bindPlainRatings(
    { reader: 'userid', book: 'movieid', rating: 'rating', time: 'timestamp', empty: 'bad' },
    columns,
    build,
  );

interface Movie {
  readonly id: string;
  readonly title: string;
  /** Empty: the year in parentheses at the end of the title. */
  readonly year: string;
  readonly genres: readonly string[];
}

function addMovie(build: DatasetBuilder, movie: Movie, notes: RowNotes): void {
  const book = build.books.index(movie.id, notes);
  if (book === null) {
    notes.bad('missing-book-id', 0, movie.id);
    return;
  }
  const year = movie.year === '' ? (/\((\d{4})\)\s*$/.exec(movie.title)?.[1] ?? '') : movie.year;
  const row = { title: movie.title, author: '', publisher: '', year };
  if (addCatalogueRow(build, book, row, notes) === null) return;
  for (const genre of new Set(movie.genres)) {
    const label = genre.trim().toLowerCase();
    const isGenre = label !== '' && label !== 'unknown' && !label.startsWith('(no genres');
    if (isGenre) build.bookFamilies.family('genre').add(book, label);
  }
}

/** `movies.dat` and `movies.csv`: genres in one field, set apart by bars. */
function bindMovies(columns: readonly string[], build: DatasetBuilder): RowReader {
  const genresAt = columns.indexOf('genres');
  return (fields, notes) => {
    const [id = '', title = ''] = fields;
    if (fields.length !== columns.length) notes.bad('wrong-number-of-fields', 0, fields.join(' '));
    else
      addMovie(build, { id, title, year: '', genres: (fields[genresAt] ?? '').split('|') }, notes);
  };
}

/** `u.item`: one flag for each genre after five columns of text. */
function bindItems(columns: readonly string[], build: DatasetBuilder): RowReader {
  return (fields, notes) => {
    const [id = '', title = '', released = ''] = fields;
    if (fields.length !== columns.length) {
      notes.bad('wrong-number-of-fields', 0, fields.join('|'));
      return;
    }
    const genres = GENRES.filter((_, flag) => fields[5 + flag] === '1');
    addMovie(build, { id, title, year: /(\d{4})$/.exec(released)?.[1] ?? '', genres }, notes);
  };
}

function bindReaders(columns: readonly string[], build: DatasetBuilder): RowReader {
  const codeAt = columns.indexOf('age-code');
  const at = columns.indexOf.bind(columns);
  // Each family with what it makes of its field; the first character of a zip code is the region.
  const labels: ReadonlyArray<readonly [string, number, (field: string) => string]> = [
    ['gender', at('gender'), (field) => field.toLowerCase()],
    ['occupation', at('occupation'), (field) => field.toLowerCase()],
    ['region', at('zip'), (field) => field.slice(0, 1).toLowerCase()],
    ['age', codeAt, (field) => AGE_CODES.get(field) ?? ''],
  ];
  return (fields, notes) => {
    const reader = newReader(build, fields[0] ?? '', 0, notes);
    if (reader === null) return;
    if (codeAt < 0) addAgeLabel(build, reader, fields[at('age')] ?? '', notes);
    for (const [family, column, labelOf] of labels) {
      const label = labelOf(fields[column]?.trim() ?? '');
      if (label !== '') build.readerFamilies.family(family).add(reader, label);
    }
  };
}

const SHARED = { isbn: false, maxYear: null } as const;

/** MovieLens with 100,000 ratings: `u.data`, `u.item`, `u.user`. */
export const movielens100k: Dialect = {
  ...SHARED,
  name: 'movielens-100k',
  levels: [1, 2, 3, 4, 5],
  ratings: {
    names: ['u.data'],
    csv: { delimiter: '\t', quotes: 'none' },
    columns: RATING_COLUMNS,
    required: [],
    bind: bindRatings,
  },
  books: {
    names: ['u.item'],
    csv: BARS,
    columns: ['movieid', 'title', 'released', 'video', 'address', ...GENRES],
    required: [],
    bind: bindItems,
  },
  readers: {
    names: ['u.user'],
    csv: BARS,
    columns: ['userid', 'age', 'gender', 'occupation', 'zip'],
    required: [],
    bind: bindReaders,
  },
};

/** MovieLens with 1 or 10 million ratings: `ratings.dat`, `movies.dat`, `users.dat`. */
export const movielensDat: Dialect = {
  ...SHARED,
  name: 'movielens-dat',
  levels: null,
  ratings: {
    names: ['ratings.dat'],
    csv: COLONS,
    columns: RATING_COLUMNS,
    required: [],
    bind: bindRatings,
  },
  books: {
    names: ['movies.dat'],
    csv: COLONS,
    columns: ['movieid', 'title', 'genres'],
    required: [],
    bind: bindMovies,
  },
  readers: {
    names: ['users.dat'],
    csv: COLONS,
    columns: ['userid', 'gender', 'age-code', 'occupation', 'zip'],
    required: [],
    bind: bindReaders,
  },
};

/** MovieLens as CSV: `ratings.csv`, `movies.csv`; it has no file of readers. */
export const movielensCsv: Dialect = {
  ...SHARED,
  name: 'movielens-csv',
  levels: [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5],
  ratings: { names: ['ratings.csv'], csv: COMMAS, required: RATING_COLUMNS, bind: bindRatings },
  books: {
    names: ['movies.csv'],
    csv: COMMAS,
    required: ['movieid', 'title', 'genres'],
    bind: bindMovies,
  },
  readers: { names: [], csv: COMMAS, required: [], bind: bindReaders },
};
