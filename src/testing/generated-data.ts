import { hashedBelow } from '../batch/evaluate/split.ts';
import { normalDraw, seededRandom, type Random } from '../model/random.ts';
import { randomIndex } from './random-model-data.ts';

export interface GeneratedOptions {
  readonly readers?: number;
  readonly ratedBooks?: number;
  /** Rows of a reader, interactions among them. */
  readonly rowsPerReader?: number;
  /** Books of the catalogue that nobody has rated. */
  readonly otherBooks?: number;
  /** Ratings that the split `random 10 %, seed 1` leaves to training get random values. */
  readonly spoilTraining?: boolean;
}

/** One row of the ratings; without a value an interaction. */
export interface GeneratedRow {
  readonly user: string;
  readonly item: string;
  readonly value: number | null;
}

/** A data set in the generic format. */
export interface GeneratedData {
  /** Contents by file name. */
  readonly files: Readonly<Record<string, string>>;
  readonly rows: readonly GeneratedRow[];
  /** Books that are rated but have no catalogue entry. */
  readonly unlisted: readonly string[];
  /** A reader of `users.csv` who is in no row. */
  readonly silentReader: string;
}

const AUTHORS = 20;
const COUNTRIES = ['usa', 'germany', 'spain'];
/** Ids that break what trusts them. */
const ODD_IDS = ['a:b{c}', 'Zoë ☃', '=1+1', '%2F'];

const bookId = (book: number): string => `b${book}`;
const readerId = (reader: number): string => ODD_IDS[reader] ?? `r${reader}`;

/**
 * Ratings from 1 to 10 by biases of readers and books and the taste in authors, with noise; every eighth row is an
 * interaction, every tenth rated book has no catalogue entry. The same options give the same text.
 */
export function generatedData({
  readers = 240,
  ratedBooks = 160,
  rowsPerReader = 14,
  otherBooks = 0,
  spoilTraining = false,
}: GeneratedOptions = {}): GeneratedData {
  const planted = plantedRows(readers, ratedBooks, rowsPerReader);
  const rows = spoilTraining ? spoilt(planted) : planted;
  const books = Array.from({ length: ratedBooks + otherBooks }, (_, book) => book);
  const unlisted = books.filter((book) => book < ratedBooks && book % 10 === 7);
  return {
    files: {
      'ratings.csv': csv('user_id,item_id,rating', rows, ({ user, item, value }) => [
        user,
        item,
        value ?? '',
      ]),
      'items.csv': catalogueCsv(books.filter((book) => !unlisted.includes(book))),
      'users.csv': readersCsv(readers + 1),
    },
    rows,
    unlisted: unlisted.map(bookId),
    silentReader: readerId(readers),
  };
}

function plantedRows(readers: number, books: number, rowsPerReader: number): GeneratedRow[] {
  const random = seededRandom(7);
  const draws = (count: number, sd: number): number[] =>
    Array.from({ length: count }, () => sd * normalDraw(random));
  const bias = draws(books, 1.2);
  return Array.from({ length: readers }, (_, reader) => {
    const shift = normalDraw(random);
    const taste = draws(AUTHORS, 1);
    return Array.from(sampleOf(random, books, rowsPerReader), (book) => {
      const mean = 6 + shift + (bias[book] ?? 0) + (taste[book % AUTHORS] ?? 0);
      const value = levelOf(mean + 0.7 * normalDraw(random));
      const isInteraction = random() < 1 / 8;
      return { user: readerId(reader), item: bookId(book), value: isInteraction ? null : value };
    });
  }).flat();
}

/** The same rows, with random ratings in all but the held-out ones. */
function spoilt(rows: readonly GeneratedRow[]): GeneratedRow[] {
  const random = seededRandom(8);
  return rows.map((row) => {
    const keeps = row.value === null || hashedBelow(`1:${row.user}:${row.item}`, 0.1);
    return keeps ? row : { ...row, value: 1 + randomIndex(random, 10) };
  });
}

function catalogueCsv(books: readonly number[]): string {
  return csv('item_id,title,author,year', books, (book) => [
    bookId(book),
    `Title ${book}`,
    `Author ${book % AUTHORS}`,
    1950 + (book % 50),
  ]);
}

function readersCsv(readers: number): string {
  const all = Array.from({ length: readers }, (_, reader) => reader);
  return csv('user_id,age,country:category', all, (reader) => [
    readerId(reader),
    20 + (reader % 40),
    COUNTRIES[reader % COUNTRIES.length] ?? '',
  ]);
}

function levelOf(value: number): number {
  return Math.min(10, Math.max(1, Math.round(value)));
}

/** Different whole numbers from 0 to `below` - 1. */
function sampleOf(random: Random, below: number, count: number): Set<number> {
  const chosen = new Set<number>();
  while (chosen.size < Math.min(count, below)) chosen.add(randomIndex(random, below));
  return chosen;
}

/** The ids have no comma, quote or line break. */
function csv<T>(
  header: string,
  entries: readonly T[],
  cells: (entry: T) => ReadonlyArray<string | number>,
): string {
  return `${[header, ...entries.map((entry) => cells(entry).join(','))].join('\n')}\n`;
}
