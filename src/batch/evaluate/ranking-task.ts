import { countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import { relevantFrom } from '../../model/relevant-from.ts';
import type { Dataset } from '../ingest/dataset.ts';
import type { Split } from './split.ts';

/** Length of the lists that ranking is measured on. */
export const LIST_LENGTH = 20;

/** Whom to rank for and what counts; definitions in docs/metrics.md. */
export interface RankingTask {
  /** Readers with a training row and a relevant test book, ascending. */
  readonly readers: Int32Array;
  /** Relevant test books of `readers[n]`. */
  readonly relevant: readonly Int32Array[];
  /** Books that must not be in the list of `readers[n]`: rated in training, or met. */
  readonly met: readonly Int32Array[];
  /** 1 for each book that may be listed. */
  readonly listed: Uint8Array;
  /** Training ratings and interactions of each book. */
  readonly popularity: Int32Array;
  /** Readers of the data set. */
  readonly readerCount: number;
}

/** Sets up the ranking of listed books for the readers of the test rows. */
export function rankingTask(dataset: Dataset, { train, test }: Split): RankingTask {
  const { ratings, interactions, books } = dataset;
  const readerCount = dataset.readers.ids.length;
  const threshold = relevantFrom(dataset.levels);
  const liked = test.filter((row) => ratings.value[row] >= threshold);
  const relevantOf = booksByReader(
    liked.map((row) => ratings.reader[row]),
    liked.map((row) => ratings.book[row]),
    readerCount,
  );
  const trainReader = train.map((row) => ratings.reader[row]);
  const trained = new Uint8Array(readerCount);
  for (const reader of trainReader) trained[reader] = 1;
  const metBook = joined(
    train.map((row) => ratings.book[row]),
    interactions.book,
  );
  const metOf = booksByReader(joined(trainReader, interactions.reader), metBook, readerCount);
  const popularity = new Int32Array(books.ids.length);
  for (const book of metBook) popularity[book]++;
  const readers = Int32Array.from(trained.keys()).filter(
    (reader) => trained[reader] === 1 && relevantOf(reader).length > 0,
  );
  return {
    readers,
    relevant: Array.from(readers, relevantOf),
    met: Array.from(readers, metOf),
    listed: books.listed,
    popularity,
    readerCount,
  };
}

/** The most popular books for each reader of the task, equal ones in book order. */
export function popularityLists(task: RankingTask): Int32Array[] {
  const { listed, popularity } = task;
  const order = Int32Array.from(listed.keys()).filter((book) => listed[book] === 1);
  order.sort((a, b) => popularity[b] - popularity[a] || a - b);
  return task.met.map((met) => {
    const unwanted = new Set(met);
    const list: number[] = [];
    for (const book of order) {
      if (list.length === LIST_LENGTH) break;
      if (!unwanted.has(book)) list.push(book);
    }
    return Int32Array.from(list);
  });
}

function joined(a: Int32Array, b: Int32Array): Int32Array {
  const both = new Int32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function booksByReader(
  reader: Int32Array,
  book: Int32Array,
  readerCount: number,
): (reader: number) => Int32Array {
  const start = countingStarts(reader, readerCount);
  const sorted = countingOrder(reader, start).map((row) => book[row]);
  return (u) => sorted.subarray(start[u], start[u + 1]);
}
