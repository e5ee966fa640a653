import { AppError } from '../runtime/errors.ts';
import { openLmdb } from './lmdb-kv.ts';
import type { Store } from './store.ts';
import { VersionedStore } from './versioned-store.ts';

/** What the address of the store does not say. */
export interface StoreOptions {
  /** Longest silence of a writer before its version counts as left behind; 10 minutes. */
  readonly leaseMilliseconds?: number | undefined;
  /** Ms since 1970; the machine's clock if not given. */
  readonly now?: (() => number) | undefined;
}

const LEASE_MILLISECONDS = 10 * 60 * 1000;

/**
 * Opens `lmdb:PATH`. Throws `BAD_SETTINGS` for another address and `STORE_UNAVAILABLE` for a
 * directory that cannot be used.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const lease = {
    milliseconds: options.leaseMilliseconds ?? LEASE_MILLISECONDS,
    now: options.now ?? Date.now,
  };
  if (url.startsWith('lmdb:'))
    return new VersionedStore(openLmdb(url.slice('lmdb:'.length)), lease);
  throw new AppError('BAD_SETTINGS', 'The address of the store is not known', 'Use lmdb:PATH.');
}
