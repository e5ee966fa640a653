import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { API_VERSION, KIND, type RunStatus } from '../../src/contracts/recommender-run.ts';
import { kubeconfigAccess } from '../../src/controller/api-access.ts';
import { ApiClient } from '../../src/controller/api-client.ts';
import { KubeGateway } from '../../src/controller/gateway.ts';
import { endOf, type RunObject } from '../../src/controller/objects.ts';
import { jobNameOf } from '../../src/controller/train-job.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { figure } from '../harness/figures.ts';
import { kubectl } from '../harness/kubectl.ts';
import { makeHistory } from '../harness/run-history.ts';
import { atEnd, cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import { conditionOf, waitFor } from '../harness/runs.ts';

const PAST = 500;
const NAME = 'retrain';

/** A status as it was read at some time, ms since 1970. */
interface Seen {
  readonly at: number;
  readonly progress: RunStatus['progress'];
}

// Times and sizes are noted, not judged: a machine may be busy with something else.
describe('a controller with default values', () => {
  let release: Release;
  let namespace: string;
  let client: ClientPod;
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
    // The volume of the store makes no difference here, and a cluster may have few of them.
    release = await Release.install(namespace, { store: { persistence: { enabled: false } } });
    client = await ClientPod.start(namespace);
    const access = await kubeconfigAccess();
    atEnd(() => void access.close());
    gateway = new KubeGateway(new ApiClient(access));
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('makes the Job of a run, and follows its trainer', async () => {
    const run = { apiVersion: API_VERSION, kind: KIND, metadata: { name: NAME }, spec: {} };
    // Opens the connection, which is not the controller's to answer for.
    expect(await gateway.runs(namespace)).toEqual([]);
    const applied = Date.now();
    await gateway.createRun(run, namespace);
    const name = jobNameOf((await read()).metadata);
    await eventually(
      async () => {
        expect(await gateway.job({ namespace, name })).not.toBeNull();
      },
      10,
      25,
    );
    const toJob = Date.now() - applied;
    figure('Run applied to Job created', `${toJob} ms`);

    const seen: Seen[] = [];
    await eventually(async () => {
      const { status } = await read();
      seen.push({ at: Date.now(), progress: status.progress });
      expect(status.progress?.phase).toMatch(/^(refit|recommend|publish|done)$/);
    }, 150);
    const logged = sweepsOf(await kubectl(['logs', `job/${name}`, '-n', namespace]));
    const lag = Math.max(...seen.map((one) => lagOf(one, logged)));
    figure('Run status behind its trainer, most', `${lag} ms over ${logged.length} sweeps`);
    expect(logged.length).toBeGreaterThan(5);
    expect(conditionOf(await waitFor(namespace, NAME, 'Complete'), 'Complete')?.reason).toBe(
      'Published',
    );
  });

  it(`keeps ${PAST} finished runs`, async () => {
    await waitFor(namespace, NAME, 'Complete');
    await scale(0);
    const cronJob = await gateway.cronJob({ namespace, name: `${release.prefix}-trainer` });
    if (cronJob === null) throw new Error('there is no CronJob');
    await makeHistory(gateway, await read(), cronJob, PAST);
    await eventually(async () => {
      const jobs = await gateway.jobs(namespace);
      expect(jobs.filter((job) => endOf(job)?.type === 'Complete')).toHaveLength(PAST + 1);
    });
    await scale(1);

    // Each kind's watch ends every 25 s; the start is over with the first of them.
    const before = await afterWatches(2);
    expect(before.finished).toBe(PAST + 1);
    const after = await afterWatches(before.watches + 4);
    const seconds = (after.at - before.at) / 1000;
    const percent = (100 * (after.cpuSeconds - before.cpuSeconds)) / seconds;
    const workingSet = (await workingSetBytes()) / 2 ** 20;
    const resident = after.residentBytes / 2 ** 20;
    figure(
      `Controller with ${PAST} finished runs`,
      `working set ${workingSet.toFixed(1)} MiB, resident ${resident.toFixed(1)} MiB, ` +
        `${percent.toFixed(2)} % of a core over ${seconds.toFixed(0)} s`,
    );
  });

  /** What the controller measures of itself. */
  async function sample() {
    const { body } = await client.ask(`http://${release.prefix}-controller:8080/metrics`);
    const sum = (metric: string): number =>
      [...body.matchAll(new RegExp(`^${metric} (\\S+)$`, 'gm'))]
        .map(([, value]) => Number(value))
        .reduce((a, b) => a + b, 0);
    return {
      at: Date.now(),
      cpuSeconds: sum('process_cpu_seconds_total'),
      residentBytes: sum('process_resident_memory_bytes'),
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
    const node = await kubectl([
      'get',
      'pod',
      name,
      '-n',
      namespace,
      '-o=jsonpath={.spec.nodeName}',
    ]);
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
  // The training has two parts, each of which counts its sweeps from 1.
  const shown = sweeps.findLastIndex((entry) => entry.sweep === sweep && entry.of === of);
  return Math.max(0, at - (sweeps[shown + 1]?.time ?? at));
}
