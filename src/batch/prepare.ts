import type { DataReport } from '../contracts/data-report.ts';
import type { DATA_KEYS, ROW_KEYS } from '../contracts/setting-groups.ts';
import type { Settings } from '../contracts/settings.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { splitRows, type Split } from './evaluate/split.ts';
import { coreRows } from './ingest/core-rows.ts';
import type { Dataset } from './ingest/dataset.ts';
import type { Feedback } from './read-feedback.ts';
import { formatReport } from './ingest/format-report.ts';
import { ingest } from './ingest/ingest.ts';
import { trainingRows } from './ingest/training-rows.ts';

export type DataSettings = Pick<Settings, (typeof DATA_KEYS)[number]>;
export type RowSettings = Pick<Settings, (typeof ROW_KEYS)[number]>;

/** Reads the data folder, and what readers have said since, and logs what was found; throws as `ingest` does. */
export async function readData(
  settings: DataSettings,
  { log, signal }: { log: Log; signal: AbortSignal },
  feedback?: Feedback,
): Promise<{ dataset: Dataset; report: DataReport }> {
  const { dataset, report } = await ingest({
    dir: settings.data,
    scale: settings.scale === undefined ? null : levelsBetween(settings.scale),
    maxBadFraction: settings.maxBad,
    ...(feedback === undefined ? {} : { feedback }),
    signal,
  });
  for (const line of formatReport(report).split('\n')) if (line !== '') log.info(line);
  return { dataset, report };
}

/** Levels of a scale given by its ends: whole steps between whole ends, else half steps. */
function levelsBetween({ low, high }: { low: number; high: number }): number[] {
  const step = Number.isInteger(low) && Number.isInteger(high) ? 1 : 0.5;
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, n) => low + n * step);
}

/** Rows that pass the filters, ascending: first the counts in all data, then the core of what they leave. */
export function rowsToLearn(dataset: Dataset, settings: RowSettings): Int32Array {
  const sizes = { readers: dataset.readers.ids.length, books: dataset.books.ids.length };
  const rows = trainingRows(dataset.ratings, sizes.readers, sizes.books, {
    minReader: settings.minReaderRatings,
    minBook: settings.minBookRatings,
  });
  return coreRows(dataset.ratings, rows, sizes, settings.core);
}

/** Splits the rows that pass the filters, with the split's name for the report; throws `DATA_EMPTY`. */
export function splitToLearn(
  dataset: Dataset,
  settings: RowSettings,
): { split: Split; splitName: string } {
  const passes = new Uint8Array(dataset.ratings.value.length);
  for (const row of rowsToLearn(dataset, settings)) passes[row] = 1;
  const { split: kind, seed, heldOut: fraction } = settings;
  const all = splitRows(dataset, { kind, seed, fraction });
  const split = {
    train: all.train.filter((row) => passes[row] === 1),
    test: all.test.filter((row) => passes[row] === 1),
  };
  assertBothParts(split);
  return { split, splitName: `${kind} ${(100 * fraction).toFixed(0)} %, seed ${seed}` };
}

/** Tells before the training what would stop it or its evaluation. */
function assertBothParts({ train, test }: Split): void {
  if (train.length > 0 && test.length > 0) return;
  throw new AppError(
    'DATA_EMPTY',
    `The split leaves ${train.length} ratings to learn from and ${test.length} to measure with`,
    'Give more data, another --split or --held-out, or lower --min-reader-ratings, --min-book-ratings and --core.',
  );
}
