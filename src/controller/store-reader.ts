import type { RunRecord } from '../contracts/run.ts';
import { type Figures, figuresOf } from '../contracts/run.ts';
import { AppError } from '../runtime/errors.ts';
import type { Store } from '../store/store.ts';
import type { Rollback } from './plan.ts';

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

/** Makes a version live; says what it is and what was live before. */
export async function rollBack(store: Store, version: string): Promise<Rollback> {
  try {
    const live = await store.liveVersion();
    const before = live === null ? null : await figuresOfVersion(store, live);
    await store.setLive(version);
    const now = await figuresOfVersion(store, version);
    return now === null
      ? { kind: 'not-found', message: `There is no version ${version}` }
      : { kind: 'done', now, before };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const kind = error.code === 'VERSION_NOT_FOUND' ? 'not-found' : 'away';
    return { kind, message: `${error.message}. ${error.hint}` };
  }
}

async function figuresOfVersion(store: Store, version: string): Promise<Figures | null> {
  const manifest = await store.manifest(version);
  if (manifest === null) return null;
  return { version, ...figuresOf(manifest.metrics, manifest.model.effectiveRank) };
}
