import { newRecord } from '../batch/run-recorder.ts';
import { expect } from 'vitest';
import type { RunRecord } from '../contracts/run.ts';
import type { ReaderRecord, Store } from '../store/store.ts';
import { meanOf } from './publisher.ts';
import { sampleManifest, sampleRecord } from './sample-version.ts';

/** Ids that break a store which trusts them. */
export const HOSTILE_IDS = [
  '',
  ':',
  'a:b',
  'a%3Ab',
  '{tag}',
  'bookrec:live',
  '*',
  '[a-z]?',
  '#',
  '../x',
  'a b\n\r\t\0',
  'Ångström',
  'A\u030angström',
  '読者',
  '\u{1f4da}',
  '\uffff',
  'x'.repeat(10_000),
  `${'x'.repeat(9_999)}y`,
  '\u{1f4da}'.repeat(2_500),
];

/** A version of one reader, created on that day of January 2026; it is not made live. */
export async function publishEmpty(store: Store, version: string, day: number): Promise<void> {
  const writer = await store.begin(version);
  await writer.putReaders([['8', sampleRecord([1])]]);
  const createdAt = `2026-01-0${day}T00:00:00.000Z`;
  await writer.commit({ ...sampleManifest(version, 1), createdAt });
}

/** A record that can be told from the others. */
export function numbered(book: number): ReaderRecord {
  return { ...sampleRecord([1]), ratedBook: Uint32Array.of(book), ratedValue: Float32Array.of(5) };
}

/** Asserts that the record is one that `publishNumbered` wrote for this version. */
export async function expectFrom(store: Store, version: string, id: string): Promise<void> {
  const record = await store.reader(version, id);
  expect(record?.list.mean[0]).toBeCloseTo(meanOf(version), 4);
}

/** All reader ids, page by page. */
export async function allIds(store: Store, version: string, limit: number): Promise<string[]> {
  const all: string[] = [];
  for (let after: string | null = null; ; after = all.at(-1) ?? null) {
    const page = await store.readerIds(version, { after, limit });
    if (page.length === 0) return all;
    all.push(...page);
  }
}

/** Ids in the order in which the store lists them. */
export function bytewise(ids: readonly string[]): string[] {
  return [...ids].sort((a, b) => Buffer.from(a).compare(Buffer.from(b)));
}

/** A record with plain arrays, its list to the precision that is stored. */
export function asNumbers(record: ReaderRecord | null): unknown {
  if (record === null) return null;
  const { list, ...rest } = record;
  const plain = Object.entries(list).map(([name, column]: [string, ArrayLike<number>]) => [
    name,
    Array.from(column, (value) => Number(value.toFixed(3))),
  ]);
  return { ...rest, list: plain };
}

/** A run that started on that day of January 2026. */
export function runOf(id: string, day: number): RunRecord {
  const record = newRecord(id, new Date(Date.UTC(2026, 0, day)).toISOString());
  return { ...record, progress: { ...record.progress, phase: 'train', sweep: 1, of: 40 } };
}
