import { describe, expect, it, vi } from 'vitest';
import type { RunStatus } from '../contracts/recommender-run.ts';
import type { RunRecord } from '../contracts/run.ts';
import { controllerOf, type RunObject } from './objects.ts';
import { startCluster, startUnderTest } from '../testing/controller-under-test.ts';
import { NAMESPACE, summaryOf } from '../testing/fake-kube-api/cluster.ts';
import type { KubeObject } from '../testing/fake-kube-api/objects.ts';
import { publishSample } from '../testing/sample-version.ts';
import { runOf } from '../testing/store-cases.ts';

const soon = { timeout: 8000, interval: 10 };
const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, soon);

async function underTest() {
  const { api, cluster, store } = await startCluster();
  const controller = await startUnderTest(api, store);
  return { api, cluster, store, controller };
}

const jobOf = (run: KubeObject): string => {
  const name = run.status?.['jobName'];
  return typeof name === 'string' ? name : '';
};

function recordNow(id: string): RunRecord {
  const now = new Date().toISOString();
  return { ...runOf(id, 1), startedAt: now, updatedAt: now };
}

describe('a run', () => {
  it('becomes a Job of the CronJob, is told about while it trains, and ends as its Job does', async () => {
    const { cluster, store } = await underTest();
    cluster.apply('retrain', { model: { rank: 12 } });
    await until(() => {
      expect(cluster.says('retrain', 'Progressing')).toBe('Starting');
    });
    const [job] = cluster.jobs();
    expect(job?.metadata.ownerReferences).toMatchObject([
      { kind: 'RecommenderRun', name: 'retrain' },
    ]);
    const name = jobOf(cluster.run('retrain'));
    expect(job?.metadata.name).toBe(name);

    await store.putRun(recordNow(name));
    cluster.ends(name, 'Complete', summaryOf());
    await until(() => {
      expect(cluster.says('retrain', 'Complete')).toBe('Published');
    });
    expect(cluster.run('retrain').status).toMatchObject({
      observedGeneration: 1,
      modelVersion: 'v2',
      metrics: { rmse: '1.55000', coverage95: '0.95000', effectiveRank: '6.50' },
      backend: { used: 'cpu' },
      progress: { phase: 'done', elbo: '-12.5', summary: 'done' },
    });
    const events = ['Accepted', 'Starting', 'Trained', 'CoverageHolds', 'Published'];
    await until(() => {
      expect(cluster.events()).toEqual(expect.arrayContaining(events));
    });
  });

  it('shows progress from the record while its pod runs, beside the figures of the live version', async () => {
    const { api, cluster, store } = await underTest();
    cluster.apply('retrain');
    await until(() => {
      expect(jobOf(cluster.run('retrain'))).not.toBe('');
    });
    const name = jobOf(cluster.run('retrain'));
    const live = {
      version: 'v1',
      rmse: 1.6,
      mae: 1.2,
      ndcg10: 0.02,
      coverage95: 0.94,
      effectiveRank: 5,
    };
    await store.putRun({ ...recordNow(name), live });
    api.table.create('pods', NAMESPACE, {
      metadata: { name: 'pod', labels: { 'batch.kubernetes.io/job-name': name } },
      status: { phase: 'Running' },
    });
    await until(() => {
      expect(cluster.run('retrain').status).toMatchObject({
        progress: { summary: 'train 1/40', phase: 'train', sweep: 1, of: 40 },
        liveMetrics: { version: 'v1', rmse: '1.60000' },
      });
    });
    expect(cluster.says('retrain', 'Progressing')).toBe('Train');
  });

  it('that the Job decides has failed is failed, though its record says running', async () => {
    const { cluster, store } = await underTest();
    cluster.apply('retrain');
    await until(() => {
      expect(jobOf(cluster.run('retrain'))).not.toBe('');
    });
    const name = jobOf(cluster.run('retrain'));
    await store.putRun(recordNow(name));
    cluster.ends(name, 'Failed', 'out of luck');
    await until(() => {
      expect(cluster.says('retrain', 'Failed')).toBe('PodFailed');
    });
    expect(cluster.run('retrain').status).toMatchObject({ lastError: 'out of luck' });
    expect(cluster.says('retrain', 'Complete')).toBe('!Failed');
    expect(cluster.says('retrain', 'Published')).toBe('!PodFailed');
  });

  it('that asks for a rollback flips the pointer and makes no Job', async () => {
    const { cluster, store } = await underTest();
    await publishSample(store, 'v1', ['8']);
    await publishSample(store, 'v2', ['8']);
    cluster.apply('back', { rollbackTo: 'v1' });
    await until(() => {
      expect(cluster.says('back', 'Complete')).toBe('RolledBack');
    });
    expect(await store.liveVersion()).toBe('v1');
    expect(cluster.jobs()).toEqual([]);
    expect(cluster.run('back').status).toMatchObject({
      modelVersion: 'v1',
      liveMetrics: { version: 'v2' },
    });
    cluster.apply('nowhere', { rollbackTo: 'v9' });
    await until(() => {
      expect(cluster.says('nowhere', 'Failed')).toBe('VersionNotFound');
    });
    await publishSample(store, 'v0', ['8'], undefined, { format: 1 });
    await store.setLive('v1');
    cluster.apply('foreign', { rollbackTo: 'v0' });
    await until(() => {
      expect(cluster.says('foreign', 'Failed')).toBe('VersionForeign');
    });
    expect(await store.liveVersion()).toBe('v1');
  });

  it('is suspended before it starts and while it trains, and goes on', async () => {
    const { cluster } = await underTest();
    cluster.apply('retrain', { suspend: true });
    await until(() => {
      expect(cluster.says('retrain', 'Progressing')).toBe('!Suspended');
    });
    expect(cluster.jobs()).toEqual([]);
    cluster.change('retrain', { suspend: false });
    await until(() => {
      expect(cluster.active()).toHaveLength(1);
    });
    cluster.change('retrain', { suspend: true });
    await until(() => {
      expect(cluster.active()).toHaveLength(0);
    });
    cluster.change('retrain', { suspend: false });
    await until(() => {
      expect(cluster.active()).toHaveLength(1);
    });
    expect(cluster.jobs()).toHaveLength(1);
  });

  it('goes with its Job when its time after the end is over', async () => {
    const { cluster } = await underTest();
    cluster.apply('retrain', { ttlSecondsAfterFinished: 0 });
    await until(() => {
      expect(cluster.active()).toHaveLength(1);
    });
    cluster.ends(cluster.active()[0] ?? '', 'Complete', summaryOf());
    await until(() => {
      expect(cluster.runs()).toEqual([]);
    });
    expect(cluster.jobs()).toEqual([]);
  });

  it('meets a Job of its name that belongs to somebody else, and leaves it alone', async () => {
    const { api, cluster, store } = await startCluster();
    cluster.apply('retrain');
    const first = await startUnderTest(api, store);
    await until(() => {
      expect(cluster.jobs()).toHaveLength(1);
    });
    const [job] = cluster.jobs();
    await first.stop();
    const name = job?.metadata.name ?? '';
    api.table.delete('jobs', NAMESPACE, name);
    api.table.update('recommenderruns', NAMESPACE, 'retrain', () => ({ status: {} }));
    api.table.create('jobs', NAMESPACE, { metadata: { name }, spec: {} });
    await startUnderTest(api, store);
    await until(() => {
      expect(cluster.says('retrain', 'Failed')).toBe('NameConflict');
    });
    expect(cluster.jobs()).toHaveLength(1);
  });
});

describe('runs', () => {
  it('train one after the other, oldest first', async () => {
    const { cluster } = await underTest();
    const names = Array.from({ length: 50 }, (_, n) => `run-${n}`);
    for (const name of names) cluster.apply(name);
    const order: string[] = [];
    while (order.length < names.length) {
      await until(() => {
        expect(cluster.active()).toHaveLength(1);
      });
      const [active = ''] = cluster.active();
      order.push(active.replace(/-[0-9a-f]{8}$/, ''));
      cluster.ends(active, 'Complete', summaryOf());
      await until(() => {
        expect(cluster.active()).not.toContain(active);
      });
    }
    expect(order).toEqual(names);
    expect(cluster.jobs()).toHaveLength(names.length);
  });

  it('wait for the CronJob’s own Job, and it for them', async () => {
    const { cluster } = await underTest();
    cluster.cronFires('books-trainer-1');
    cluster.apply('retrain');
    await until(() => {
      expect(cluster.says('retrain', 'Progressing')).toBe('!Queued');
      expect(cluster.says('books-trainer-1', 'Accepted')).toBe('Accepted');
    });
    cluster.ends('books-trainer-1', 'Complete', summaryOf({ version: null, state: 'skipped' }));
    await until(() => {
      expect(cluster.says('books-trainer-1', 'Complete')).toBe('Unchanged');
      expect(cluster.active()).toHaveLength(1);
    });
    const [active = ''] = cluster.active();
    cluster.cronFires('books-trainer-2');
    await until(() => {
      expect(cluster.active()).toEqual([active]);
      expect(cluster.says('books-trainer-2', 'Progressing')).toBe('!Queued');
    });
    cluster.ends(active, 'Complete', summaryOf());
    await until(() => {
      expect(cluster.active()).toEqual(['books-trainer-2']);
    });
    expect(cluster.jobs()).toHaveLength(3);
  });

  it('of the CronJob’s Jobs belong to these and make none of their own', async () => {
    const { api, cluster } = await underTest();
    cluster.cronFires('books-trainer-1');
    await until(() => {
      expect(cluster.says('books-trainer-1', 'Progressing')).toBe('Starting');
    });
    const run = cluster.run('books-trainer-1') as unknown as RunObject;
    expect(controllerOf(run, 'Job')?.name).toBe('books-trainer-1');
    expect(run.spec).toEqual({ jobName: 'books-trainer-1' });
    expect(cluster.jobs()).toHaveLength(1);
    api.table.delete('jobs', NAMESPACE, 'books-trainer-1');
    expect(cluster.runs()).toEqual([]);
  });
});

describe('a controller of all namespaces', () => {
  it('carries out the runs of each, and shows the trainings of the chart’s CronJobs there', async () => {
    const { api, cluster, store } = await startCluster();
    await startUnderTest(api, store, { watchNamespace: '*' });
    const labels = {
      'app.kubernetes.io/part-of': 'bookrec',
      'app.kubernetes.io/component': 'trainer',
    };
    const team = { namespace: 'team', cronJob: 'team-trainer' };
    cluster.cronFires('team-trainer-1', { ...team, labels });
    cluster.cronFires('other-1', { ...team, cronJob: 'other' });
    const reasonOf = (name: string): string | undefined => {
      const { status } = api.table.get('recommenderruns', team.namespace, name);
      const { conditions = [] } = (status ?? {}) as RunStatus;
      return conditions.find(({ type }) => type === 'Progressing')?.reason;
    };
    await until(() => {
      expect(reasonOf('team-trainer-1')).toBe('Starting');
    });
    const spec = { cronJobName: team.cronJob };
    api.table.create('recommenderruns', team.namespace, { metadata: { name: 'retrain' }, spec });
    cluster.apply('elsewhere');
    await until(() => {
      expect(reasonOf('retrain')).toBe('Queued');
      expect(cluster.says('elsewhere', 'Progressing')).toBe('Starting');
    });
    const names = api.table.list('recommenderruns', team.namespace);
    expect(names.map(({ metadata }) => metadata.name)).toEqual(['team-trainer-1', 'retrain']);
  });
});

describe('probes', () => {
  it('tell of life, of the age of the watches, and in numbers', async () => {
    const { cluster, controller } = await underTest();
    cluster.apply('retrain');
    await until(async () => {
      const ready = await fetch(`${controller.url}/readyz`);
      expect(ready.status).toBe(200);
      expect(await ready.json()).toEqual({
        status: 'ready',
        watch_age_seconds: { runs: 0, jobs: 0 },
      });
    });
    expect((await fetch(`${controller.url}/livez`)).status).toBe(200);
    await until(async () => {
      const text = await (await fetch(`${controller.url}/metrics`)).text();
      expect(text).toContain('bookrec_controller_runs{state="open"} 1');
      expect(text).toMatch(/bookrec_controller_reconcile_seconds_count\{result="later"\} [1-9]/);
    });
  });

  it('say not ready while the API server was never heard of', async () => {
    const { api, store } = await startCluster();
    api.fault = () => ({ status: 500 });
    const { url } = await startUnderTest(api, store);
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'starting' });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  });
});
