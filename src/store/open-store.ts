import { AppError } from '../runtime/errors.ts';
import type { Kv } from './kv.ts';
import type { RedisAccess } from './redis-options.ts';
import type { Store } from './store.ts';
import { VersionedStore } from './versioned-store.ts';

/** What the address of the store does not say. */
export interface StoreOptions extends RedisAccess {
  /** Longest silence of a writer before its version counts as left behind; 10 minutes. */
  readonly leaseMilliseconds?: number | undefined;
  /** Ms since 1970; the machine's clock if not given. */
  readonly now?: (() => number) | undefined;
}

const LEASE_MILLISECONDS = 10 * 60 * 1000;

/**
 * Opens `lmdb:PATH`, `redis://...` or `rediss://...`. A server need not be up yet: calls report
 * `STORE_UNAVAILABLE` until it is, and `ping` tells. Throws `BAD_SETTINGS` for another address and
 * `STORE_UNAVAILABLE` for a directory that cannot be used.
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  return new VersionedStore(await openKv(url, options), {
    milliseconds: options.leaseMilliseconds ?? LEASE_MILLISECONDS,
    now: options.now ?? Date.now,
  });
}

/**
 * The backend of an address, without the rules about versions. Loads only the client that it needs:
 * each takes a tenth of a second of the API's start.
 */
export async function openKv(url: string, access: RedisAccess = {}): Promise<Kv> {
  const [, scheme, path] = /^([a-z]+):(.*)$/s.exec(url) ?? [];
  if (scheme === 'lmdb' && path !== undefined && path !== '') {
    const { openLmdb } = await import('./lmdb-kv.ts');
    return openLmdb(path);
  }
  if (scheme === 'redis' || scheme === 'rediss') {
    const { openRedis } = await import('./redis-kv.ts');
    return openRedis(url, access);
  }
  // The address is not repeated: it can hold a password.
  throw new AppError(
    'BAD_SETTINGS',
    'The address of the store is of no known kind',
    'Use lmdb:PATH, redis://HOST:PORT or rediss://HOST:PORT.',
  );
}
