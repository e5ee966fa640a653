import { canonicalBookId } from '../../model/isbn.ts';
import { AppError } from '../../runtime/errors.ts';
import type { Dataset } from '../ingest/dataset.ts';
import type { PairRow } from '../ingest/read-pairs.ts';
import { partition, type Split } from './split.ts';

/** Pairs to hold out and, if given, the only ones to train on. */
export interface PairSplit {
  /** All other ratings if left out. */
  readonly train?: Iterable<PairRow>;
  readonly test: Iterable<PairRow>;
}

const UNUSED = 2;

/**
 * Splits the ratings by explicit pairs. Throws `DATA_UNREADABLE` with file and line for a pair that
 * has no rating in the data, or that is to be trained on and held out at once.
 */
export function splitByPairs(dataset: Dataset, pairs: PairSplit): Split {
  const rowOf = rowFinder(dataset);
  const mark = new Uint8Array(dataset.ratings.value.length);
  if (pairs.train !== undefined) {
    mark.fill(UNUSED);
    for (const pair of pairs.train) mark[rowOf(pair)] = 0;
  }
  for (const pair of pairs.test) {
    const row = rowOf(pair);
    if (pairs.train !== undefined && mark[row] === 0) {
      throw pairError(pair, 'is among the training rows too', 'Remove it from one of the files.');
    }
    mark[row] = 1;
  }
  return partition(mark);
}

function rowFinder(dataset: Dataset): (pair: PairRow) => number {
  const { ratings, readers, books, rawBookId } = dataset;
  const readerOf = new Map(readers.ids.map((id, n) => [id, n]));
  const bookOf = new Map(books.ids.map((id, n) => [id, n]));
  for (const [row, raw] of rawBookId) if (!bookOf.has(raw)) bookOf.set(raw, ratings.book[row]);
  const cell = (reader: number, book: number): number => reader * books.ids.length + book;
  const rowOf = new Map<number, number>();
  ratings.reader.forEach((reader, row) => rowOf.set(cell(reader, ratings.book[row]), row));
  return (pair) => {
    const reader = readerOf.get(pair.user);
    const book = bookOf.get(pair.item) ?? bookOf.get(canonicalBookId(pair.item));
    const row =
      reader === undefined || book === undefined ? undefined : rowOf.get(cell(reader, book));
    if (row === undefined) {
      throw pairError(pair, 'has no rating in the data', 'Give pairs that the data folder has.');
    }
    return row;
  };
}

function pairError(pair: PairRow, problem: string, hint: string): AppError {
  const where = `${pair.file}, line ${pair.line}`;
  return new AppError(
    'DATA_UNREADABLE',
    `${where}: the pair (${pair.user}, ${pair.item}) ${problem}`,
    hint,
  );
}
