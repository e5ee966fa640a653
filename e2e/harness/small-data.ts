import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { projectFolder } from '../../src/runtime/environment.ts';

const FILES = ['BX-Book-Ratings', 'BX-Books', 'BX-Users'] as const;
/** Every so many readers' ratings are in the small part, in the larger one, and in the tiny one. */
const SHARE = 120;
const LARGER_SHARE = 16;
const TINY_SHARE = 400;

const lines = (file: string): string[] =>
  gunzipSync(readFileSync(`${projectFolder}/data/bookcrossing/${file}.csv.gz`))
    .toString('latin1')
    .split('\n');

const field = (line: string, index: number): string =>
  (line.split(';')[index] ?? '').replaceAll('"', '');

/**
 * A part of the shipped BookCrossing files that trains in seconds and fits a ConfigMap: one reader
 * in a hundred and twenty, those whose number leaves the remainder, with the books that they rated.
 */
export function smallData(remainder = 8, share = SHARE): Record<string, string> {
  const [ratings = [], books = [], users = []] = FILES.map(lines);
  const chosen = (reader: string): boolean => Number(reader) % share === remainder;
  const keptRatings = ratings.filter((line, index) => index === 0 || chosen(field(line, 0)));
  const isbns = new Set(keptRatings.map((line) => field(line, 1)));
  const parts = [
    keptRatings,
    books.filter((line, index) => index === 0 || isbns.has(field(line, 0))),
    users.filter((line, index) => index === 0 || chosen(field(line, 0))),
  ];
  return Object.fromEntries(
    FILES.map((file, index) => [
      `${file}.csv.gz`,
      gzipSync(Buffer.from((parts[index] ?? []).join('\n'), 'latin1')).toString('base64'),
    ]),
  );
}

/** Data files as a ConfigMap, for `trainer.data.existingConfigMap`; those of `binaryData` in base 64. */
export const dataMap = (
  name: string,
  binaryData: Record<string, string>,
  data: Record<string, string> = {},
): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, binaryData, data });

/** The small part as the ConfigMap `small`. */
export const smallDataMap = (): object => dataMap('small', smallData());

/** A part that takes five times as long to train on, as the ConfigMap `larger`. */
export const largerDataMap = (): object => dataMap('larger', smallData(0, LARGER_SHARE));

/** A part that is read in no time, as the ConfigMap `tiny`. */
export const tinyDataMap = (): object => dataMap('tiny', smallData(8, TINY_SHARE));

/** The small part with columns too few from the third rating on, as the ConfigMap `bad`. */
export function badDataMap(): object {
  const rows = ['"User-ID";"ISBN";"Book-Rating"', '"8";"0002005018";"5"', '"8"', '"9"', '"10"'];
  const others = Object.entries(smallData()).filter(
    ([file]) => !file.startsWith('BX-Book-Ratings'),
  );
  return dataMap('bad', Object.fromEntries(others), { 'BX-Book-Ratings.csv': rows.join('\n') });
}

/** Values that train on the small part, with requests that leave room for a second scenario on two cores. */
export const smallTrainer = (settings: object = {}): { trainer: object } => ({
  trainer: {
    data: { existingConfigMap: 'small' },
    resources: {
      requests: { cpu: '100m', memory: '256Mi' },
      limits: { cpu: '2', memory: '1Gi' },
    },
    settings,
  },
});
