import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { startCluster, startUnderTest, type UnderTest } from '../testing/controller-under-test.ts';
import {
  CRON_JOB,
  type FakeCluster,
  NAMESPACE,
  summaryOf,
} from '../testing/fake-kube-api/cluster.ts';
import type { FakeKubeApi, Fault, Request } from '../testing/fake-kube-api/server.ts';

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 10_000, interval: 10 });

/** A fault for the first `times` requests that match. */
function faulty(
  api: FakeKubeApi,
  times: number,
  matches: (request: Request) => boolean,
  fault: Fault,
) {
  let left = times;
  api.fault = (request) => (matches(request) && left-- > 0 ? fault : null);
}

const writes = ({ method }: Request): boolean => method !== 'GET';
const requestsOf = (api: FakeKubeApi, matches: (request: Request) => boolean): number =>
  api.requests.filter(matches).length;

/** Ends whatever trains, until each run has ended. */
async function playOut(cluster: FakeCluster): Promise<void> {
  await until(() => {
    for (const job of cluster.active()) cluster.ends(job, 'Complete', summaryOf());
    const open = cluster
      .runs()
      .filter(({ metadata }) => cluster.says(metadata.name, 'Complete') !== 'Published');
    expect(open.map(({ metadata }) => metadata.name)).toEqual([]);
  });
}

describe('a run ends once, with one Job, although', () => {
  it.each<{ name: string; times: number; matches: (request: Request) => boolean; fault: Fault }>([
    { name: 'everything fails at first', times: 6, matches: () => true, fault: { status: 500 } },
    { name: 'writes fail', times: 4, matches: writes, fault: { status: 503 } },
    {
      name: 'the answer to making the Job is lost',
      times: 1,
      matches: ({ method, resource }) => method === 'POST' && resource === 'jobs',
      fault: { status: 500, after: true },
    },
    {
      name: 'a status is written and the answer is lost',
      times: 2,
      matches: ({ status }) => status,
      fault: { status: 504, after: true },
    },
    {
      name: 'the status is always out of date at first',
      times: 3,
      matches: ({ status }) => status,
      fault: { status: 409 },
    },
    { name: 'the API server is slow', times: 30, matches: () => true, fault: { delayMs: 40 } },
    {
      name: 'watches are refused',
      times: 5,
      matches: ({ watch }) => watch,
      fault: { status: 403 },
    },
    {
      name: 'events cannot be written',
      times: 99,
      matches: ({ resource }) => resource === 'events',
      fault: { status: 403 },
    },
  ])('$name', async ({ times, matches, fault }) => {
    const { api, cluster, store } = await startCluster();
    faulty(api, times, matches, fault);
    await startUnderTest(api, store);
    cluster.apply('retrain');
    await until(() => {
      expect(cluster.active()).toHaveLength(1);
    });
    await playOut(cluster);
    expect(cluster.jobs()).toHaveLength(1);
  });

  it('an answer never comes', async () => {
    const { api, cluster, store } = await startCluster();
    faulty(api, 2, ({ method }) => method === 'PUT', { delayMs: 60_000 });
    await startUnderTest(api, store, { timeoutMs: 200 });
    cluster.apply('retrain');
    await playOut(cluster);
    expect(cluster.jobs()).toHaveLength(1);
  });

  it('the controller is restarted at any request', async () => {
    for (let at = 1; at <= 12; at++) {
      const { api, cluster, store } = await startCluster();
      cluster.apply('retrain');
      const first = await startUnderTest(api, store);
      await until(() => {
        expect(api.requests.length).toBeGreaterThanOrEqual(at);
      });
      await first.stop();
      await startUnderTest(api, store);
      await playOut(cluster);
      expect(cluster.jobs(), `stopped after ${at} requests`).toHaveLength(1);
    }
  });

  it('two controllers run', async () => {
    const { api, cluster, store } = await startCluster();
    await Promise.all([startUnderTest(api, store), startUnderTest(api, store)]);
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) cluster.apply(name);
    await playOut(cluster);
    expect(cluster.jobs()).toHaveLength(names.length);
  });
});

describe('changes arrive although', () => {
  async function settled(options?: Parameters<typeof startUnderTest>[2]) {
    const { api, cluster, store } = await startCluster();
    await startUnderTest(api, store, options);
    await until(() => {
      expect(requestsOf(api, ({ watch }) => watch)).toBeGreaterThanOrEqual(2);
    });
    return { api, cluster };
  }

  /** How often all runs were listed by pages, which only the watcher does where no Job is made. */
  const listsOf = (api: FakeKubeApi): number =>
    requestsOf(
      api,
      ({ watch, resource, name, method }) =>
        resource === 'recommenderruns' && !watch && name === null && method === 'GET',
    );

  it('the watch is cut in the middle of a line', async () => {
    const { api, cluster } = await settled();
    api.cutWatches();
    cluster.apply('retrain');
    await playOut(cluster);
  });

  it('the watch is too old, and all is listed anew', async () => {
    const { api, cluster } = await settled();
    const lists = listsOf(api);
    api.table.create('recommenderruns', 'elsewhere', { metadata: { name: 'x' } });
    api.compact();
    cluster.apply('retrain', { suspend: true });
    await until(() => {
      expect(cluster.says('retrain', 'Progressing')).toBe('!Suspended');
    });
    expect(listsOf(api)).toBe(lists + 1);
  });

  it('the watch would be too old but for a bookmark, and nothing is listed anew', async () => {
    const { api, cluster } = await settled();
    const lists = listsOf(api);
    api.table.create('recommenderruns', 'elsewhere', { metadata: { name: 'x' } });
    api.endWatches();
    api.oldest = api.table.version;
    cluster.apply('retrain', { suspend: true });
    await until(() => {
      expect(cluster.says('retrain', 'Progressing')).toBe('!Suspended');
    });
    expect(listsOf(api)).toBe(lists);
  });

  it('no watch ever tells of them, by the next list', async () => {
    const { api, cluster } = await settled({ relistMs: 300 });
    api.deaf = true;
    cluster.apply('retrain');
    api.table.changes.length = 0;
    api.deaf = false;
    await playOut(cluster);
  });

  it('the list has pages, and has changed too much between two of them', async () => {
    const { api, cluster, store } = await startCluster();
    for (let n = 0; n < 101; n++) cluster.apply(`suspended-${n}`, { suspend: true });
    cluster.apply('retrain');
    faulty(api, 2, ({ query }) => query.has('continue'), { status: 410 });
    await startUnderTest(api, store);
    await until(() => {
      expect(cluster.active()).toHaveLength(1);
    });
  });

  it('the watch is deaf: it is open and tells nothing', async () => {
    const { api, cluster } = await settled();
    api.deaf = true;
    cluster.apply('retrain');
    const watches = requestsOf(api, ({ watch }) => watch);
    await until(() => {
      expect(requestsOf(api, ({ watch }) => watch)).toBeGreaterThan(watches + 1);
    });
    expect(cluster.jobs()).toEqual([]);
    api.deaf = false;
    await playOut(cluster);
  });
});

it('waits as long as the API server asks for with 429', async () => {
  const { api, cluster, store } = await startCluster();
  const at: number[] = [];
  api.fault = ({ resource, method }) => {
    if (resource !== 'jobs' || method !== 'POST') return null;
    at.push(performance.now());
    return at.length === 1 ? { status: 429, headers: { 'Retry-After': '1' } } : null;
  };
  await startUnderTest(api, store);
  cluster.apply('retrain');
  await playOut(cluster);
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990);
});

describe('what keeps a run from its Job is said, and it goes on when that is over:', () => {
  it('no CronJob', async () => {
    const { api, cluster, store } = await startCluster();
    api.table.delete('cronjobs', NAMESPACE, CRON_JOB);
    await startUnderTest(api, store);
    cluster.apply('retrain');
    await until(() => {
      expect(cluster.says('retrain', 'Accepted')).toBe('!CronJobNotFound');
    });
    expect(cluster.says('retrain', 'Failed')).toBe('!NotFinished');
  });

  it.each([
    { status: 422, want: { Accepted: '!JobRejected', Failed: 'JobRejected' } },
    { status: 403, want: { Accepted: '!JobRefusedForNow', Failed: '!NotFinished' } },
  ])('a Job refused with $status', async ({ status, want }) => {
    const { api, cluster, store } = await startCluster();
    api.fault = ({ resource, method }) =>
      resource === 'jobs' && method === 'POST' ? { status } : null;
    await startUnderTest(api, store);
    cluster.apply('retrain');
    await until(() => {
      expect({
        Accepted: cluster.says('retrain', 'Accepted'),
        Failed: cluster.says('retrain', 'Failed'),
      }).toEqual(want);
    });
  });
});

describe('any order of events', () => {
  /** What can happen; each takes the world as it is then. */
  interface World {
    readonly api: FakeKubeApi;
    readonly cluster: FakeCluster;
    readonly start: () => Promise<UnderTest>;
    readonly controllers: UnderTest[];
    applied: number;
  }
  const STEPS: Record<string, (world: World) => unknown> = {
    apply: (world) => {
      world.cluster.apply(`run-${(world.applied += 1)}`);
    },
    cron: ({ cluster }) => {
      cluster.cronFires('books-trainer-1');
    },
    end: ({ cluster }) => {
      for (const job of cluster.active()) cluster.ends(job, 'Complete', summaryOf());
    },
    cut: ({ api }) => {
      api.cutWatches();
    },
    compact: ({ api }) => {
      api.compact();
    },
    errors: ({ api }) => {
      faulty(api, 8, () => true, { status: 500 });
    },
    conflict: ({ api }) => {
      faulty(api, 3, ({ status }) => status, { status: 409 });
    },
    twin: async ({ controllers, start }) => controllers.push(await start()),
    restart: async ({ controllers, start }) => {
      await controllers.shift()?.stop();
      controllers.push(await start());
    },
  };
  const order = fc.shuffledSubarray([...Object.keys(STEPS), 'apply', 'apply', 'end'], {
    minLength: 12,
  });
  /** Requests that the controllers make between two steps; fewer where they have no more to do. */
  const pauses = fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 12, maxLength: 12 });

  async function pause(api: FakeKubeApi, requests: number): Promise<void> {
    const until = api.requests.length + requests;
    const reached = (): void => {
      expect(api.requests.length).toBeGreaterThanOrEqual(until);
    };
    await vi.waitFor(reached, { timeout: 60, interval: 2 }).catch(() => undefined);
  }

  it('ends in the same state: every run has ended with one Job', async () => {
    const property = fc.asyncProperty(order, pauses, async (steps, requests) => {
      const { api, cluster, store } = await startCluster();
      const start = (): Promise<UnderTest> => startUnderTest(api, store);
      const world: World = { api, cluster, start, controllers: [await start()], applied: 0 };
      for (const [n, step] of steps.entries()) {
        await pause(api, requests[n] ?? 0);
        await STEPS[step]?.(world);
      }
      const names = (): string[] =>
        cluster
          .runs()
          .map(({ metadata }) => metadata.name)
          .sort();
      const wanted = ['books-trainer-1', 'run-1', 'run-2', 'run-3'];
      // the others may have ended before the CronJob's training has a run
      await until(() => {
        expect(names()).toEqual(wanted);
      });
      await playOut(cluster);
      for (const controller of world.controllers) await controller.stop();
      expect(names()).toEqual(wanted);
      expect(cluster.jobs()).toHaveLength(4);
    });
    await fc.assert(property, { numRuns: 12, endOnFailure: true });
  }, 60_000);
});
