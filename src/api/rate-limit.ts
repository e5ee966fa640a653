import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../runtime/clock.ts';
import type { Limit, Limiter } from '../store/limiter.ts';

/** A client's window as this process knows it. */
interface Window {
  /** Requests of all processes, as far as known. */
  spent: number;
  /** Those of them that the store does not know yet. */
  untold: number;
  /** On the clock. */
  endsAt: number;
}

/** What the headers of an answer say. */
export interface Standing {
  readonly allowed: boolean;
  readonly left: number;
  /** Until the window ends. */
  readonly seconds: number;
}

/** Most clients that are remembered; those not seen for longest are forgotten. */
const CLIENTS = 50_000;
/** Share of a limit that a process may keep to itself, so that it asks the store a few times a window and client. */
const UNTOLD_SHARE = 0.01;

/**
 * Limits the requests of each client in windows of time. A request is judged by what this process knows, at once; what
 * it has counted goes to the store a few times a second, and what others have counted comes back with that. So a
 * client can exceed its limit by what it sends in that time through other replicas, and no request waits for the store.
 */
export class RateLimit {
  readonly limit: Limit;
  readonly #limiter: Limiter;
  readonly #clock: Clock;
  readonly #windows = new LRUCache<string, Window>({ max: CLIENTS });
  /** Clients with enough untold. */
  readonly #waiting = new Set<string>();
  readonly #mostUntold: number;

  constructor(limit: Limit, limiter: Limiter, clock: Clock) {
    this.limit = limit;
    this.#limiter = limiter;
    this.#clock = clock;
    this.#mostUntold = Math.max(1, Math.floor(UNTOLD_SHARE * limit.points));
  }

  /** Counts one request of a client, unless it is over its limit. */
  take(client: string): Standing {
    const now = this.#clock.seconds();
    let window = this.#windows.get(client);
    if (window === undefined || now >= window.endsAt) {
      window = { spent: 0, untold: 0, endsAt: now + this.limit.seconds };
      this.#windows.set(client, window);
    }
    const allowed = window.spent < this.limit.points;
    if (allowed) {
      window.spent++;
      window.untold++;
      if (window.untold >= this.#mostUntold) this.#waiting.add(client);
    }
    const left = Math.max(0, this.limit.points - window.spent);
    return { allowed, left, seconds: Math.ceil(window.endsAt - now) };
  }

  /** Tells the store what was counted, and learns what others have counted. */
  async tell(): Promise<void> {
    const clients = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(clients.map((client) => this.#tell(client)));
  }

  /** Tells the store again and again until the signal aborts. */
  async follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
      await this.tell();
    }
  }

  async #tell(client: string): Promise<void> {
    const window = this.#windows.get(client);
    if (window === undefined) return;
    const { untold } = window;
    window.untold = 0;
    const all = await this.#limiter.spend(client, untold);
    const spent = all.points + window.untold;
    // A counter that has just begun, as while the store is away, knows less than is known here.
    if (spent < window.spent) return;
    window.spent = spent;
    window.endsAt = this.#clock.seconds() + all.msLeft / 1000;
  }
}

/**
 * Who sends a request without a key: the address, of IPv6 the network of one customer. With proxies in front it is
 * what the outermost of those that are trusted has written; everything further left may be the client's invention.
 */
export function addressOf({ socket, headers }: IncomingMessage, trustedProxies: number): string {
  const direct = socket.remoteAddress ?? '';
  const given = headers['x-forwarded-for'];
  if (trustedProxies === 0 || typeof given !== 'string') return networkOf(direct);
  const named = given.split(',').map((part) => part.trim());
  return networkOf(named.at(-trustedProxies) ?? named[0] ?? direct);
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? 0 : tail.split(':').length;
  const zeros = tail === undefined ? 0 : 8 - groups.length - after;
  const all = [...groups, ...Array<string>(zeros).fill('0'), ...(tail ?? '').split(':')];
  return `${all.slice(0, 4).join(':')}::`;
}
