import fc from 'fast-check';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKv } from '../store/open-store.ts';
import type { Kv } from '../store/kv.ts';
import { memoryLimiter } from '../store/limiter.ts';
import { apiUnderTest, type Seen, seen } from '../testing/api-under-test.ts';
import { leftOut } from '../testing/left-out.ts';
import { hasRedisServer, type RedisServer, startRedisServer } from '../testing/redis-server.ts';
import { doorOf } from './door.ts';
import { addressOf, RateLimit } from './rate-limit.ts';

const LIMIT = { points: 3, seconds: 60 };

/** A clock that the test moves. */
function stopwatch(): { now: () => Date; seconds: () => number; at: number } {
  const clock = { at: 0, now: () => new Date(0), seconds: () => clock.at };
  return clock;
}

describe('a limit on the requests of an address', () => {
  it('answers so many, tells each how it stands, then refuses until the window ends', async () => {
    const clock = stopwatch();
    const limiter = await memoryLimiter(LIMIT);
    const rateLimit = new RateLimit(LIMIT, limiter, clock);
    await using api = await apiUnderTest(doorOf({ rateLimit, trustedProxies: 1 }));
    const ask = (url: string, address = '10.0.0.1'): Promise<Seen> =>
      seen(request(api.listener).get(url).set('X-Forwarded-For', address));
    for (const left of [2, 1, 0]) {
      const { headers } = await ask('/recommend/8');
      expect(headers['ratelimit']).toBe(`"address";r=${left};t=60`);
      expect(headers['ratelimit-policy']).toBe('"address";q=3;w=60');
    }
    clock.at = 19.5;
    for (const url of ['/recommend/8', '/stats']) {
      const { body, headers } = await ask(url);
      expect(body).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
      expect(headers['retry-after']).toBe('41');
    }
    for (const [url, address] of [
      ['/stats', '10.0.0.2'],
      ['/livez', '10.0.0.1'],
    ] as const) {
      expect((await ask(url, address)).body).not.toMatchObject({ code: 'RATE_LIMITED' });
    }
    clock.at = 60;
    expect((await ask('/stats')).headers['ratelimit']).toBe('"address";r=2;t=60');
  });

  it('knows clients by what trusted proxies say alone', () => {
    const address = (forwarded: string | undefined, proxies: number, direct = '10.0.0.9'): string =>
      addressOf(
        { socket: { remoteAddress: direct }, headers: { 'x-forwarded-for': forwarded } } as never,
        proxies,
      );
    expect(address('1.1.1.1, 2.2.2.2', 0)).toBe('10.0.0.9');
    expect(address('6.6.6.6, 1.1.1.1, 2.2.2.2', 1)).toBe('2.2.2.2');
    expect(address('6.6.6.6, 1.1.1.1, 2.2.2.2', 2)).toBe('1.1.1.1');
    expect(address(undefined, 2)).toBe('10.0.0.9');
    expect(address(undefined, 0, '::ffff:10.0.0.9')).toBe('10.0.0.9');
  });

  it('takes the addresses of one IPv6 customer for one, and those of two for two', () => {
    const group = fc.integer({ min: 1, max: 0xffff }).map((value) => value.toString(16));
    const of = (address: string): string =>
      addressOf({ socket: { remoteAddress: address }, headers: {} } as never, 0);
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), group, (groups, other) => {
        const network = groups.slice(0, 4).join(':');
        expect(of(groups.join(':'))).toBe(`${network}::`);
        expect(of(`${network}::${other}`)).toBe(`${network}::`);
        expect(of(`${groups[0] ?? ''}::${other}`)).toBe(`${groups[0] ?? ''}:0:0:0::`);
      }),
    );
  });
});

if (await hasRedisServer()) {
  describe('a limit over several replicas', () => {
    let redis: RedisServer;
    const stores: Kv[] = [];

    beforeAll(async () => {
      redis = await startRedisServer();
      stores.push(await openKv(redis.url), await openKv(redis.url));
    });

    afterAll(async () => {
      for (const store of stores) await store.close();
      await redis.stop();
    });

    it('counts what all of them answer, and goes on alone while the store is away', async () => {
      const clock = stopwatch();
      const limit = { points: 10, seconds: 60 };
      const replicas = await Promise.all(
        stores.map(async (store) => new RateLimit(limit, await store.limiter(limit), clock)),
      );
      await Promise.all(stores.map((store) => store.ping()));
      const [one, other] = replicas as [RateLimit, RateLimit];
      const taken = (replica: RateLimit, times: number): number =>
        Array.from({ length: times }, () => replica.take('key web')).filter(
          ({ allowed }) => allowed,
        ).length;
      expect(taken(one, 6)).toBe(6);
      expect(taken(other, 1)).toBe(1);
      await one.tell();
      await other.tell();
      expect(taken(other, 9)).toBe(3);
      await other.tell();
      await redis.stop();
      // The last thing that this replica was told was six; it does not forget them.
      await one.tell();
      expect(taken(one, 9)).toBe(4);
      await one.tell();
      expect(taken(one, 1)).toBe(0);
      clock.at = 61;
      expect(taken(one, 11)).toBe(10);
    });
  });
} else {
  leftOut('the rate limit over several replicas: redis-server is not installed');
}
