import type { CsvFormat } from './dialects/dialect.ts';

/** Where a CSV file of pairs has its ids, by index. */
export interface PairColumns {
  readonly user: number;
  readonly item: number;
  /** Whether the first line is a header. */
  readonly header: boolean;
}

/** Plain CSV: commas, quotes doubled within quoted fields. */
export const PLAIN_CSV: CsvFormat = { delimiter: ',', quotes: 'doubled' };

const USER_NAMES = ['user', 'user_id', 'user-id', 'userid'];
const ITEM_NAMES = ['item', 'item_id', 'isbn', 'movieid'];

/**
 * Places of the ids by the fields of the first line, in lower case: by name where it has both, else
 * the first two. Null where there are no two.
 */
export function pairColumns(fields: readonly string[]): PairColumns | null {
  const user = fields.findIndex((name) => USER_NAMES.includes(name));
  const item = fields.findIndex((name) => ITEM_NAMES.includes(name));
  if (user >= 0 && item >= 0) return { user, item, header: true };
  return fields.length < 2 ? null : { user: 0, item: 1, header: false };
}
