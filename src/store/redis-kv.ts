import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { type Append, type Appended, type Kv, type Member, RESENT_SECONDS } from './kv.ts';
import { type Limit, type Limiter, redisLimiter } from './limiter.ts';
import { type Entry, type PortionLimits, portions } from './portions.ts';
import { RecentChanges } from './recent-changes.ts';
import { type RedisAccess, redisTarget } from './redis-options.ts';
import { appendTo, raiseCounter } from './redis-append.ts';
import { RedisGets } from './redis-gets.ts';
import { corrupt, full, unavailable } from './store-error.ts';

/**
 * Commands of one pipeline and their bytes: far below the queue limits at which a Dragonfly whose
 * client does not read stops reading too.
 */
const PIPELINE: PortionLimits = { entries: 500, bytes: 4 * 1024 * 1024 };
/** Keys of one MGET or UNLINK, and the hint for one step of SCAN. */
const KEYS_AT_ONCE = 500;
/** While the server is away for longer, ms, calls fail at once instead of waiting for it. */
const PATIENCE = 1_000;
/** Pause before changes that a restarted server may have lost are sent once more where that failed, ms. */
const RESEND_PAUSE = 1_000;

/**
 * A client of Redis from 7.0 or Dragonfly. Returns before it is connected: calls wait for the
 * connection, within the client's limits. Throws `BAD_SETTINGS` for a wrong address.
 */
export function openRedis(url: string, access: RedisAccess): Kv {
  return new RedisKv(url, access);
}

class RedisKv implements Kv {
  readonly address: string;
  readonly #redis: Redis;
  readonly #gets: RedisGets;
  readonly #password: string;
  readonly #log: Log | undefined;
  readonly #recent = new RecentChanges(RESENT_SECONDS);
  /** Highest number of a change, by counter. */
  readonly #highest = new Map<string, number>();
  #resending = false;
  /** Times that the connection was made anew, to a server that may have been restarted. */
  #restarts = 0;
  #closed = false;
  #downSince: number | null = null;
  #lastError: unknown = undefined;

  constructor(url: string, access: RedisAccess) {
    const { address, options } = redisTarget(url, access);
    this.address = address;
    this.#password = options.password ?? '';
    this.#log = access.log;
    // Plain arrays and strings, whichever protocol version the server speaks.
    this.#redis = new Redis({ ...options, replyMapping: 'legacy' });
    this.#gets = new RedisGets(this.#redis);
    // Every failed call reports its own error; this one tells why the connection is away.
    this.#redis.on('error', (error) => (this.#lastError = error));
    this.#redis.on('close', () => (this.#downSince ??= performance.now()));
    this.#redis.on('ready', () => {
      if (this.#downSince === null) return;
      this.#downSince = null;
      this.#restarts++;
      if (this.#resending) return;
      this.#resending = true;
      void this.#resend();
    });
  }

  async ping(): Promise<void> {
    await this.#run(() => this.#redis.ping());
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#run(() => this.#gets.get(key));
  }

  getMany(keys: readonly string[]): Promise<Array<Uint8Array | null>> {
    return this.#run(async () => {
      const values: Array<Uint8Array | null> = [];
      for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
        values.push(...(await this.#redis.mgetBuffer(keys.slice(from, from + KEYS_AT_ONCE))));
      }
      return values;
    });
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    await this.#run(() => this.#redis.set(key, asBuffer(value)));
  }

  async putMany(entries: readonly Entry[]): Promise<void> {
    for (const portion of portions(entries, PIPELINE)) {
      await this.#run(async () => {
        const pipeline = this.#redis.pipeline();
        for (const [key, value] of portion) pipeline.set(key, asBuffer(value));
        for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
      });
    }
  }

  async append(change: Append): Promise<Appended> {
    const outcome = await this.#run(() => appendTo(this.#redis, change));
    const { counter, once } = change;
    if (outcome.earlier === null || outcome.earlier === once.text) {
      this.#recent.add(change, seconds());
      this.#highest.set(counter, Math.max(outcome.number, this.#highest.get(counter) ?? 0));
    }
    return outcome;
  }

  /**
   * Sends again what the server may have lost, if it was restarted with an older snapshot or another one has taken its place; what it has
   * it knows by the mark. Goes on until that is done, and says once that it cannot be done yet.
   */
  async #resend(): Promise<void> {
    let failed = false;
    for (let seen = -1; seen !== this.#restarts && !this.#closed;) {
      const changes = this.#recent.at(seconds());
      const told = { store: this.address, changes: changes.length };
      try {
        seen = this.#restarts;
        if (changes.length === 0) break;
        for (const [counter, to] of this.#highest) await raiseCounter(this.#redis, counter, to);
        // One after the other: a reader's last word stays the last.
        for (const change of changes) await appendTo(this.#redis, change);
        this.#log?.info(told, 'changes that the store may have lost were sent again');
        failed = false;
      } catch (error) {
        seen = -1;
        if (!failed) {
          const err = this.#error(error);
          this.#log?.warn(
            { err, ...told },
            'changes that the store may have lost cannot be sent again yet',
          );
        }
        failed = true;
        await pause(RESEND_PAUSE, undefined, { ref: false });
      }
    }
    this.#resending = false;
  }

  async delete(key: string): Promise<void> {
    await this.#run(() => this.#redis.unlink(key));
  }

  async deletePrefix(prefix: string): Promise<void> {
    for await (const keys of this.keysWith(prefix)) {
      await this.#run(() => this.#redis.unlink(keys));
    }
  }

  async *keysWith(prefix: string): AsyncGenerator<string[]> {
    let cursor = '0';
    do {
      const step = cursor;
      // Keys hold no character that is special in a pattern.
      const scan = () => this.#redis.scan(step, 'MATCH', `${prefix}*`, 'COUNT', KEYS_AT_ONCE);
      const [next, keys] = await this.#run(scan);
      if (keys.length > 0) yield keys;
      cursor = next;
    } while (cursor !== '0');
  }

  async addMember(set: string, name: string, score: number): Promise<void> {
    await this.#run(() => this.#redis.zadd(set, score, name));
  }

  async removeMember(set: string, name: string): Promise<void> {
    await this.#run(() => this.#redis.zrem(set, name));
  }

  async members(set: string, limit = Infinity): Promise<Member[]> {
    if (limit <= 0) return [];
    const last = limit === Infinity ? -1 : limit - 1;
    const flat = await this.#run(() => this.#redis.zrevrange(set, 0, last, 'WITHSCORES'));
    const members: Member[] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      members.push({ name: flat[i] ?? '', score: Number(flat[i + 1]) });
    }
    return members;
  }

  async snapshot(): Promise<void> {
    await this.#run(() => this.#redis.bgsave());
  }

  limiter(limit: Limit): Promise<Limiter> {
    return redisLimiter(this.#redis, limit);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#redis.disconnect();
  }

  /** Runs commands; whatever the client or the server reports leaves as an `AppError`. */
  async #run<T>(command: () => Promise<T>): Promise<T> {
    if (this.#downSince !== null && performance.now() - this.#downSince > PATIENCE) {
      throw this.#error(this.#lastError);
    }
    try {
      return await command();
    } catch (error) {
      throw this.#error(error);
    }
  }

  #error(error: unknown): AppError {
    const cause = this.#withoutSecrets(isGivenUp(error) ? (this.#lastError ?? error) : error);
    // The first word of an error reply is the protocol's error code.
    const reply = error instanceof Error && error.name === 'ReplyError' ? error.message : '';
    if (reply.startsWith('OOM ') || reply.startsWith('ERR Out of memory')) {
      return full(
        `No memory is left in ${this.address}`,
        'Give it more memory, or keep fewer versions.',
        cause,
      );
    }
    if (reply.startsWith('WRONGTYPE ')) {
      return corrupt(`A key of ${this.address} holds something else than was stored there`, cause);
    }
    if (/^(NOAUTH|WRONGPASS|NOPERM) /.test(reply)) {
      return unavailable(
        `${this.address} refuses this user or password`,
        'Check user and password.',
        cause,
      );
    }
    return unavailable(
      `${this.address} does not answer${cause === undefined ? '' : `: ${cause.message}`}`,
      'Check that it runs and can be reached.',
      cause,
    );
  }

  /** The client's errors carry the command with its arguments, AUTH and its password included. */
  #withoutSecrets(error: unknown): Error | undefined {
    if (!(error instanceof Error)) return undefined;
    const { message, name } = error;
    const safe = new Error(
      this.#password === '' ? message : message.replaceAll(this.#password, '***'),
    );
    safe.name = name;
    return safe;
  }
}

/** Of a clock that never goes back. */
const seconds = (): number => performance.now() / 1000;

/** The client gave up reconnecting for this command; why it could not connect is another error. */
function isGivenUp(error: unknown): boolean {
  return error instanceof Error && error.name === 'MaxRetriesPerRequestError';
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
