import type { RankedList } from '../../model/ranked-list.ts';

/** Lists of readers `from ..` in nine columns: a message of few buffers instead of nine for each reader. */
export interface PackedLists {
  readonly from: number;
  /** Length of each list. */
  readonly lengths: readonly number[];
  readonly columns: {
    readonly [name in keyof RankedList]: RankedList[name] & { buffer: ArrayBuffer };
  };
}

const NUMBERS = ['mean', 'low', 'high', 'sdReader', 'sdBook', 'sdNoise', 'interest'] as const;

/** Joins the lists of readers from `from` on. */
export function packLists(from: number, lists: readonly RankedList[]): PackedLists {
  const lengths = lists.map((list) => list.book.length);
  const size = lengths.reduce((sum, length) => sum + length, 0);
  const floats = (): Float32Array<ArrayBuffer> => new Float32Array(size);
  const columns = {
    book: new Uint32Array(size),
    mean: floats(),
    low: floats(),
    high: floats(),
    sdReader: floats(),
    sdBook: floats(),
    sdNoise: floats(),
    interest: floats(),
    signal: new Uint8Array(size),
  };
  let at = 0;
  for (const list of lists) {
    columns.book.set(list.book, at);
    columns.signal.set(list.signal, at);
    for (const name of NUMBERS) columns[name].set(list[name], at);
    at += list.book.length;
  }
  return { from, lengths, columns };
}

/** The lists again, as views of the columns. */
export function unpackLists({ lengths, columns }: PackedLists): RankedList[] {
  let to = 0;
  return lengths.map((length) => {
    const from = to;
    to += length;
    return {
      book: columns.book.subarray(from, to),
      mean: columns.mean.subarray(from, to),
      low: columns.low.subarray(from, to),
      high: columns.high.subarray(from, to),
      sdReader: columns.sdReader.subarray(from, to),
      sdBook: columns.sdBook.subarray(from, to),
      sdNoise: columns.sdNoise.subarray(from, to),
      interest: columns.interest.subarray(from, to),
      signal: columns.signal.subarray(from, to),
    };
  });
}
