import type { Dataset } from '../batch/ingest/dataset.ts';

/** One rating or, without a value, one interaction of a data set made by hand. */
export type Entry = readonly [user: string, item: string, value?: number];

/** A data set of a few entries; books are listed unless `unlisted` names them. Made for tests. */
export function smallDataset(
  entries: readonly Entry[],
  options: { levels?: number[]; unlisted?: string[]; timestamps?: number[] } = {},
): Dataset {
  const users = [...new Set(entries.map(([user]) => user))];
  const items = [...new Set(entries.map(([, item]) => item))];
  const columns = (part: readonly Entry[]) => ({
    reader: Int32Array.from(part, ([user]) => users.indexOf(user)),
    book: Int32Array.from(part, ([, item]) => items.indexOf(item)),
  });
  const rated = entries.filter(([, , value]) => value !== undefined);
  const texts = items.map(() => '');
  return {
    format: 'generic',
    levels: Float64Array.from(options.levels ?? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    readers: { ids: users, families: [] },
    books: {
      ids: items,
      families: [],
      listed: Uint8Array.from(items, (item) => (options.unlisted?.includes(item) ? 0 : 1)),
      title: texts,
      author: texts,
      publisher: texts,
      year: new Int16Array(items.length),
    },
    ratings: { ...columns(rated), value: Float64Array.from(rated, ([, , value]) => value ?? 0) },
    timestamps: options.timestamps === undefined ? null : Float64Array.from(options.timestamps),
    interactions: columns(entries.filter(([, , value]) => value === undefined)),
    rawBookId: new Map(),
    contentHash: '',
  };
}
