import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { figure } from '../harness/figures.ts';
import { apply, get, jobSchema, kubectl, list, podSchema } from '../harness/kubectl.ts';
import { merge } from '../harness/merge.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import {
  applyRun,
  conditionOf,
  deleteRun,
  eventsOf,
  getRun,
  listRuns,
  modestValues,
  patchRun,
  runObject,
  slowly,
  trains,
  waitFor,
  type Run,
} from '../harness/runs.ts';
import { largerDataMap, smallTrainer, tinyDataMap } from '../harness/small-data.ts';

const RUNS = 50;
/** So that a run with nothing new to train on takes hardly more than its pod. */
const tiny = { trainer: { data: { existingConfigMap: 'tiny' } } };

const jobTimesSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ suspend: z.boolean().default(false) }),
  status: z.object({
    startTime: z.iso.datetime().optional(),
    completionTime: z.iso.datetime().optional(),
  }),
});
type JobTimes = z.infer<typeof jobTimesSchema>;

describe('runs in a queue', () => {
  let release: Release;
  let client: ClientPod;
  let namespace: string;
  let live: string;
  let versions: string;

  const jobs = (): Promise<JobTimes[]> => list(jobTimesSchema, 'jobs', namespace);

  const jobNames = async (): Promise<string[]> =>
    (await jobs()).map(({ metadata }) => metadata.name);

  const podCount = async (run: string): Promise<number> =>
    (await list(podSchema, 'pods', namespace, `bookrec.dev/run=${run}`)).length;

  /** Waits until a run says that it waits, and for what. */
  const waits = (name: string, reason: string): Promise<Run> =>
    eventually(async () => {
      const run = await getRun(namespace, name);
      expect(conditionOf(run, 'Progressing')).toMatchObject({ status: 'False', reason });
      return run;
    });

  /** Nothing of a run that was stopped can be seen. */
  async function nothingPublished(): Promise<void> {
    const info = await client.json(`${release.url}/model/info`);
    expect(info).toMatchObject({ model_version: live });
    expect(await release.command('models', 'list')).toBe(versions);
  }

  beforeAll(async () => {
    namespace = await createNamespace('run-queue');
    await apply(namespace, tinyDataMap(), largerDataMap());
    release = await Release.install(namespace, merge(merge(smallTrainer(), modestValues), tiny));
    client = await ClientPod.start(namespace);
    await applyRun(namespace, 'first');
    live = (await waitFor(namespace, 'first', 'Complete')).status.modelVersion ?? '';
    versions = await release.command('models', 'list');
  });

  afterAll(async ({}, suite) => {
    // First, since there is no client where the release did not come up.
    await cleanUp(suite);
  });

  it('start when they are resumed, where they were suspended before', async () => {
    await applyRun(namespace, 'held', { suspend: true });
    const { status } = await waits('held', 'Suspended');
    expect(status.jobName).toBeUndefined();
    expect(await jobNames()).toHaveLength(1);
    await patchRun(namespace, 'held', { suspend: false });
    const run = await waitFor(namespace, 'held', 'Complete');
    expect(conditionOf(run, 'Complete')?.reason).toBe('Unchanged');
    expect(await jobNames()).toContain(run.status.jobName);
  });

  it('stop while they are suspended, let others go first, and go on when they are resumed', async () => {
    await applyRun(namespace, 'stopped', { ...slowly(2), publish: 'never' });
    await trains(namespace, 'stopped');
    await patchRun(namespace, 'stopped', { suspend: true });
    const { status } = await waits('stopped', 'Suspended');
    const jobName = status.jobName ?? '';
    await eventually(async () => {
      const job = await get(jobSchema, 'jobs', jobName, namespace);
      expect(job.status).toMatchObject({ active: 0, failed: 0 });
      expect(job.status.conditions).toContainEqual(
        expect.objectContaining({ type: 'Suspended', status: 'True' }),
      );
      expect(await podCount('stopped')).toBe(0);
    });
    await applyRun(namespace, 'other');
    await waitFor(namespace, 'other', 'Complete');
    expect(conditionOf(await getRun(namespace, 'stopped'), 'Progressing')?.reason).toBe(
      'Suspended',
    );
    await patchRun(namespace, 'stopped', { suspend: false });
    const run = await waitFor(namespace, 'stopped', 'Complete');
    expect(conditionOf(run, 'Complete')?.reason).toBe('NotPublished');
    expect(conditionOf(run, 'Trained')?.status).toBe('True');
    expect(run.status.jobName).toBe(jobName);
  });

  it('go with their Job when their time has passed', async () => {
    await applyRun(namespace, 'brief', { ttlSecondsAfterFinished: 3 });
    const { status } = await waitFor(namespace, 'brief', 'Complete');
    expect(await jobNames()).toContain(status.jobName);
    await eventually(async () => {
      const names = (await listRuns(namespace)).map(({ metadata }) => metadata.name);
      expect(names).not.toContain('brief');
      expect(await jobNames()).not.toContain(status.jobName);
      expect(await podCount('brief')).toBe(0);
    });
    const lived = (Date.now() - Date.parse(status.completionTime ?? '')) / 1000;
    expect(lived).toBeGreaterThanOrEqual(3);
    // The others have no such time.
    expect(conditionOf(await getRun(namespace, 'other'), 'Complete')?.status).toBe('True');
  });

  /** A run that asks for nothing new; of many applied at once, those of the same second go by name. */
  const unchanged = (n: number): object => runObject(`many-${String(n).padStart(2, '0')}`);

  it('each have their turn, the oldest first, while another is deleted and the CronJob trains too', async () => {
    await applyRun(namespace, 'deleted', { ...slowly(3), publish: 'always' });
    await trains(namespace, 'deleted');
    const numbers = Array.from({ length: RUNS }, (_, index) => (index * 37) % RUNS);
    await apply(namespace, ...numbers.slice(0, RUNS / 2).map(unchanged));
    await release.startTraining('its-own');
    const own = release.jobName('its-own');
    await waits(own, 'Queued');
    await apply(namespace, ...numbers.slice(RUNS / 2).map(unchanged));
    expect(conditionOf(await getRun(namespace, 'deleted'), 'Progressing')?.status).toBe('True');
    const { status } = await getRun(namespace, 'deleted');
    const started = Date.now();
    await deleteRun(namespace, 'deleted');
    await eventually(async () => {
      expect(await jobNames()).not.toContain(status.jobName);
      expect(await podCount('deleted')).toBe(0);
    });
    await nothingPublished();

    const inQueue = (run: Run): boolean =>
      run.metadata.name === own || run.metadata.name.startsWith('many-');
    await kubectl([
      'wait',
      'rr',
      '--all',
      '-n',
      namespace,
      '--for=condition=Complete',
      '--timeout=600s',
    ]);
    figure(`${RUNS + 1} runs of unchanged data`, `${(Date.now() - started) / 1000} s`);
    const runs = (await listRuns(namespace)).filter(inQueue);
    expect(runs).toHaveLength(RUNS + 1);
    const places = new Map(runs.map(({ status, metadata }) => [status.jobName, metadata]));
    const turns = (await jobs())
      .filter(({ metadata }) => places.has(metadata.name))
      .toSorted((a, b) => startOf(a) - startOf(b));
    expect(turns.map(({ metadata }) => places.get(metadata.name)?.name)).toEqual(
      runs
        .map(({ metadata }) => metadata)
        .toSorted(byCreation)
        .map(({ name }) => name),
    );
    for (const [index, job] of turns.entries()) {
      const before = turns[index - 1];
      if (before) expect(startOf(job)).toBeGreaterThanOrEqual(endOf(before));
    }
    for (const run of runs) expect(conditionOf(run, 'Complete')?.reason).toBe('Unchanged');
    expect((await eventsOf(namespace, 'many-00')).map(({ reason }) => reason)).toContain('Queued');
    await nothingPublished();
  }, 700_000);
});

const startOf = ({ status }: JobTimes): number => Date.parse(status.startTime ?? '');
const endOf = ({ status }: JobTimes): number => Date.parse(status.completionTime ?? '');

function byCreation(a: Run['metadata'], b: Run['metadata']): number {
  const age = Date.parse(a.creationTimestamp) - Date.parse(b.creationTimestamp);
  return age === 0 && a.name < b.name ? -1 : age || 1;
}
