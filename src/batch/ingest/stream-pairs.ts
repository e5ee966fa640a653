import { pipeline } from 'node:stream/promises';
import { parse, type InfoRecord } from 'csv-parse';
import { AppError } from '../../runtime/errors.ts';
import { csvOptions, readError } from './csv-format.ts';
import { decodeText } from './decode-text.ts';
import { PLAIN_CSV, pairColumns, type PairColumns } from './pair-columns.ts';
import { columnNames } from './read-table.ts';

/** Ids of a reader and a book, as they were given. */
export interface Pair {
  readonly user: string;
  readonly item: string;
}

/**
 * Pairs of plain CSV `user,item`, with a header or without, as they come in; `name` is the source in
 * messages. Throws `DATA_UNREADABLE` with line and column, or `CANCELLED`.
 */
export async function* streamPairs(
  name: string,
  chunks: AsyncIterable<Buffer>,
  signal?: AbortSignal,
): AsyncGenerator<Pair> {
  let line = 0;
  let places: PairColumns | null = null;
  const take = (fields: string[], info: InfoRecord): string[] | null => {
    line = info.lines;
    const isFirst = places === null;
    places ??= pairColumns(columnNames(fields)) ?? { user: 0, item: 1, header: false };
    return isFirst && places.header ? null : idsOf(fields, places, `${name}, line ${line}`);
  };
  const parser = parse({ ...csvOptions(PLAIN_CSV), on_record: take });
  // What reading throws is thrown by the parser too, where it is caught.
  pipeline(chunks, parser, signal === undefined ? {} : { signal }).catch(() => undefined);
  try {
    // The parser yields what `take` returns.
    for await (const [user = '', item = ''] of parser as AsyncIterable<string[]>) {
      yield { user, item };
    }
  } catch (cause) {
    throw readError(cause, name, line);
  }
}

function idsOf(fields: readonly string[], places: PairColumns, where: string): string[] {
  const user = fields[places.user];
  const item = fields[places.item];
  if (user !== undefined && item !== undefined) return [decodeText(user), decodeText(item)];
  throw new AppError(
    'DATA_UNREADABLE',
    `${where}, column ${fields.length + 1}: the row ends before its pair of ids`,
    'Give CSV with the columns user,item.',
  );
}
