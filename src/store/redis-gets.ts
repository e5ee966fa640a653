import type { Redis } from 'ioredis';

/** Keys of one MGET. */
const KEYS_AT_ONCE = 500;

interface Waiting {
  readonly key: string;
  readonly resolve: (value: Buffer | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads of single keys that come in the same turn of the event loop, as from many connections, go as one MGET: a command
 * costs the client several times what a key does.
 */
export class RedisGets {
  readonly #redis: Redis;
  #waiting: Waiting[] = [];

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  get(key: string): Promise<Buffer | null> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ key, resolve, reject }) === 1) setImmediate(() => void this.#send());
    });
  }

  async #send(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += KEYS_AT_ONCE) {
      void this.#read(waiting.slice(from, from + KEYS_AT_ONCE));
    }
  }

  async #read(waiting: readonly Waiting[]): Promise<void> {
    try {
      const [first] = waiting;
      const values =
        waiting.length === 1 && first !== undefined
          ? [await this.#redis.getBuffer(first.key)]
          : await this.#redis.mgetBuffer(waiting.map(({ key }) => key));
      for (const [i, { resolve }] of waiting.entries()) resolve(values[i] ?? null);
    } catch (error) {
      for (const { reject } of waiting) reject(error);
    }
  }
}
