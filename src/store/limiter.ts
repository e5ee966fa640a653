import type { Redis } from 'ioredis';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { segment } from './keys.ts';

/** What a client may spend in each window of time. */
export interface Limit {
  readonly points: number;
  readonly seconds: number;
}

/** What a client has spent in its window, and for how long that goes on. */
export interface Spent {
  readonly points: number;
  readonly msLeft: number;
}

/** Counts what clients spend. */
export interface Limiter {
  /** Adds to what a client has spent in its window; the first one starts it. */
  spend(client: string, points: number): Promise<Spent>;
}

/** Counts in this process alone. Loaded only where there is a limit. */
export async function memoryLimiter({ points, seconds }: Limit): Promise<Limiter> {
  const { RateLimiterMemory } = await import('rate-limiter-flexible');
  return over(new RateLimiterMemory({ points, duration: seconds }));
}

/** Counts in Redis or Dragonfly for all processes; in this one alone while the server is away. */
export async function redisLimiter(client: Redis, limit: Limit): Promise<Limiter> {
  const { RateLimiterMemory, RateLimiterRedis } = await import('rate-limiter-flexible');
  const { points, seconds: duration } = limit;
  return over(
    new RateLimiterRedis({
      storeClient: client,
      keyPrefix: 'bookrec:limit',
      points,
      duration,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory({ points, duration }),
    }),
  );
}

const over = (limiter: RateLimiterAbstract): Limiter => ({
  spend: async (client, points) => {
    const { consumedPoints, msBeforeNext } = await limiter.penalty(segment(client), points);
    return { points: consumedPoints, msLeft: msBeforeNext };
  },
});
