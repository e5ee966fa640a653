import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { API_VERSION, KIND, type RunStatus } from '../../src/contracts/recommender-run.ts';
import type { ApiClient } from '../../src/controller/api-client.ts';
import { KubeGateway } from '../../src/controller/gateway.ts';
import { endOf, type RunObject } from '../../src/controller/objects.ts';
import { jobNameOf } from '../../src/controller/train-job.ts';
import { eventually } from '../harness/eventually.ts';
import { figure } from '../harness/figures.ts';
import { apiClient, apply, kubectl } from '../harness/kubectl.ts';
import { merge } from '../harness/merge.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import { makeHistory } from '../harness/run-history.ts';
import { modestValues, waitFor } from '../harness/runs.ts';
import { largerDataMap, smallTrainer } from '../harness/small-data.ts';

const PAST = 500;
const NAME = 'retrain';

/** A status as it was read at some time, ms since 1970. */
interface Seen {
  readonly at: number;
  readonly progress: RunStatus['progress'];
}

// Times are noted and not asserted, since they are the machine's as much as the controller's.
describe('a controller', () => {
  let release: Release;
  let namespace: string;
  let client: ApiClient;
  let gateway: KubeGateway;

  const read = async (): Promise<RunObject> => {
    const run = await gateway.run({ namespace, name: NAME });
    if (run === null) throw new Error(`there is no run ${NAME}`);
    return run;
  };

  const scale = async (replicas: number): Promise<void> => {
    const deployment = `deployment/${release.prefix}-controller`;
    await kubectl(['scale', deployment, `--replicas=${replicas}`, '-n', namespace]);
    await release.readyPods('controller', replicas);
  };

  beforeAll(async () => {
    namespace = await createNamespace('run-figures');
    await apply(namespace, largerDataMap());
    const data = { trainer: { data: { existingConfigMap: 'larger' } } };
    release = await Release.install(namespace, merge(merge(smallTrainer(), modestValues), data));
    client = await apiClient();
    gateway = new KubeGateway(client);
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('makes the Job of a run at once, and tells of each sweep soon', async () => {
    const run = { apiVersion: API_VERSION, kind: KIND, metadata: { name: NAME }, spec: {} };
    // Opens the connection, which is not the controller's to answer for.
    expect(await gateway.runs(namespace)).toEqual([]);
    const applied = Date.now();
    await gateway.createRun(run, namespace);
    const name = jobNameOf((await read()).metadata);
    const ofJob = { namespace, name };
    await eventually(
      async () => {
        expect(await gateway.job(ofJob)).not.toBeNull();
      },
      10,
      25,
    );
    figure('Run applied to Job created', `${Date.now() - applied} ms`);

    const seen: Seen[] = [];
    await eventually(async () => {
      const { status } = await read();
      seen.push({ at: Date.now(), progress: status.progress });
      expect(status.progress?.phase).toMatch(/^(refit|recommend|publish|done)$/);
    }, 150);
    const logged = sweepsOf(await kubectl(['logs', `job/${name}`, '-n', namespace]));
    expect(logged.length).toBeGreaterThan(5);
    const lag = Math.max(...seen.map((one) => lagOf(one, logged)));
    figure('Status of a run behind its trainer, most', `${lag} ms in ${logged.length} sweeps`);
    await waitFor(namespace, NAME, 'Complete');
  });

  it(`keeps ${PAST} finished runs in 128 MiB`, async () => {
    await waitFor(namespace, NAME, 'Complete');
    await scale(0);
    const cronJob = await gateway.cronJob({ namespace, name: `${release.prefix}-trainer` });
    if (cronJob === null) throw new Error('there is no CronJob');
    await makeHistory(client, await read(), cronJob, PAST);
    await eventually(async () => {
      const jobs = await gateway.jobs(namespace);
      expect(jobs.filter((job) => endOf(job)?.type === 'Complete')).toHaveLength(PAST + 1);
    });
    await scale(1);

    // Each kind's watch ends every 25 s; the start is over with the first of them.
    const before = await afterWatches(2);
    expect(before.finished).toBe(PAST + 1);
    const after = await afterWatches(before.watches + 2);
    const seconds = (after.at - before.at) / 1000;
    const percent = (100 * (after.cpuSeconds - before.cpuSeconds)) / seconds;
    const workingSet = (await workingSetBytes()) / 2 ** 20;
    figure(
      `Controller with ${PAST} finished runs`,
      `working set ${workingSet.toFixed(1)} MiB, ` +
        `${percent.toFixed(2)} % of a core over ${seconds.toFixed(0)} s`,
    );
    expect(workingSet).toBeLessThanOrEqual(128);
  });

  /** What the controller measures of itself. */
  async function sample() {
    const service = `services/${release.prefix}-controller:http`;
    const path = `/api/v1/namespaces/${namespace}/${service}/proxy/metrics`;
    const text = await kubectl(['get', '--raw', path]);
    const sum = (metric: string): number =>
      [...text.matchAll(new RegExp(`^${metric} (\\S+)$`, 'gm'))]
        .map(([, value]) => Number(value))
        .reduce((a, b) => a + b, 0);
    return {
      at: Date.now(),
      cpuSeconds: sum('process_cpu_seconds_total'),
      finished: sum('bookrec_controller_runs{state="finished"}'),
      watches: sum('bookrec_controller_watch_restarts_total{.*why="ended"}'),
    };
  }

  /** The same once so many watches have ended; asked seldom, since to answer is work too. */
  const afterWatches = (count: number): ReturnType<typeof sample> =>
    eventually(
      async () => {
        const now = await sample();
        expect(now.watches).toBeGreaterThanOrEqual(count);
        return now;
      },
      120,
      10_000,
    );

  /** What the kubelet counts against the limit of the controller's pod. */
  async function workingSetBytes(): Promise<number> {
    const [pod] = await release.readyPods('controller', 1);
    const name = pod?.metadata.name ?? '';
    const place = ['pod', name, '-n', namespace];
    const node = await kubectl(['get', ...place, '-o=jsonpath={.spec.nodeName}']);
    const path = `/api/v1/nodes/${node}/proxy/stats/summary`;
    const { pods } = statsSchema.parse(JSON.parse(await kubectl(['get', '--raw', path])));
    const found = pods.find(({ podRef }) => podRef.name === name && podRef.namespace === namespace);
    if (found === undefined) throw new Error(`the kubelet knows nothing of ${name}`);
    return found.memory.workingSetBytes;
  }
});

const statsSchema = z.object({
  pods: z.array(
    z.object({
      podRef: z.object({ name: z.string(), namespace: z.string() }),
      memory: z.object({ workingSetBytes: z.number() }).default({ workingSetBytes: Number.NaN }),
    }),
  ),
});

const entrySchema = z.object({
  msg: z.string(),
  time: z.iso.datetime().transform((text) => Date.parse(text)),
  sweep: z.int().optional(),
  of: z.int().optional(),
});
type Entry = z.infer<typeof entrySchema>;

/** What the trainer logged of its sweeps up to the evaluation; those of the refit come later. */
function sweepsOf(logs: string): Entry[] {
  const lines = logs.split('\n').filter((line) => line.startsWith('{'));
  const entries = lines.map((line) => entrySchema.parse(JSON.parse(line)));
  const measured = entries.findIndex(({ msg }) => msg === 'measured');
  return entries.slice(0, measured).filter(({ msg }) => msg === 'sweep');
}

/** For how long, ms, the sweep after the one that was shown had been over; 0 once another phase is shown. */
function lagOf({ at, progress }: Seen, sweeps: readonly Entry[]): number {
  const { phase, sweep, of } = progress ?? {};
  if (phase !== undefined && phase !== 'ingest' && phase !== 'train') return 0;
  // Sweeps are counted through all parts of the training.
  const shown = sweeps.findLastIndex((entry) => entry.sweep === sweep && entry.of === of);
  return Math.max(0, at - (sweeps[shown + 1]?.time ?? at));
}
