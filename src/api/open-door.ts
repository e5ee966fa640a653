import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import { ApiKeys } from './api-keys.ts';
import { type Door, doorOf } from './door.ts';
import { RateLimit } from './rate-limit.ts';

/** Who is let in. */
export interface DoorOptions {
  /** File of the keys that are asked for; read again when it changes. Without one none are. */
  readonly keysFile?: string | undefined;
  /** Requests a minute of one key or address; 0 for no limit. */
  readonly rateLimit?: number;
  /** Proxies in front whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: number;
}

/** A door, and what keeps it current until a signal aborts. */
export interface OpenDoor {
  readonly door: Door;
  follow(signal: AbortSignal): Promise<unknown>;
}

/** Time between two looks at the file of keys. */
const KEYS_MS = 1000;
/** Time between two reports to the store of what clients have spent. */
const RATE_MS = 200;
const MINUTE = 60;

/** Makes the door of a server; throws `BAD_SETTINGS` where the keys cannot be read. */
export async function openDoor(
  options: DoorOptions,
  { store, clock, log }: { store: Store; clock: Clock; log: Log },
): Promise<OpenDoor> {
  const { keysFile, rateLimit: points = 0, trustedProxies = 0 } = options;
  const keys = keysFile === undefined ? null : await ApiKeys.open(keysFile, clock, log);
  const limit = { points, seconds: MINUTE };
  const rateLimit = points === 0 ? null : new RateLimit(limit, await store.limiter(limit), clock);
  return {
    door: doorOf({ keys, rateLimit, trustedProxies }),
    follow: (signal) =>
      Promise.all([keys?.follow(KEYS_MS, signal), rateLimit?.follow(RATE_MS, signal)]),
  };
}
