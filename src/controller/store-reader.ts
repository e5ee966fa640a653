import type { RunRecord } from '../contracts/run.ts';
import { type Figures, figuresOf } from '../contracts/run.ts';
import { AppError, type ErrorCode } from '../runtime/errors.ts';
import type { Store } from '../store/store.ts';
import type { Rollback } from './plan.ts';
import { reasonOfCode } from './reasons.ts';

/** A record must not be this much older than its Job: then it is of a Job of the same name before. */
const CLOCK_SKEW_MS = 60_000;

/** A record as it was found, or that the store could not be asked. */
export interface Reading {
  readonly record: RunRecord | null;
  readonly away: boolean;
}

/** The record of the Job of that name, made at `created`. */
export async function readRecord(store: Store, id: string, created: number): Promise<Reading> {
  try {
    const record = await store.run(id);
    const old = record !== null && Date.parse(record.startedAt) < created - CLOCK_SKEW_MS;
    return { record: old ? null : record, away: false };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { record: null, away: error.code === 'STORE_UNAVAILABLE' };
  }
}

/** What no other try mends. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'VERSION_NOT_FOUND',
  'VERSION_FOREIGN',
  'STORE_CORRUPT',
]);

/** Makes a version live, if this release can read it; says what it is and what was live before. */
export async function rollBack(store: Store, version: string): Promise<Rollback> {
  try {
    // loaded when it is needed: hardly ever
    const { assertReadable } = await import('../store/assert-readable.ts');
    await assertReadable(store, version);
    const live = await store.liveVersion();
    const before = live === null ? null : await figuresOfVersion(store, live);
    await store.setLive(version);
    const now = await figuresOfVersion(store, version);
    if (now !== null) return { kind: 'done', now, before };
    const message = `There is no version ${version}`;
    return { kind: 'refused', reason: reasonOfCode('VERSION_NOT_FOUND'), message };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const message = `${error.message}. ${error.hint}`;
    return REFUSALS.has(error.code)
      ? { kind: 'refused', reason: reasonOfCode(error.code), message }
      : { kind: 'away', message };
  }
}

async function figuresOfVersion(store: Store, version: string): Promise<Figures | null> {
  const manifest = await store.manifest(version);
  if (manifest === null) return null;
  return { version, ...figuresOf(manifest.metrics, manifest.model.effectiveRank) };
}
