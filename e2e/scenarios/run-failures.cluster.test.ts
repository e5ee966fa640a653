import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recommendAnswerSchema } from '../../src/contracts/http.ts';
import type { RunSpec } from '../../src/contracts/recommender-run.ts';
import { cronJobObjectSchema } from '../../src/controller/objects.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { apply, get, jobSchema, kubectl, list, podSchema, type Pod } from '../harness/kubectl.ts';
import { merge } from '../harness/merge.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { ProgramError } from '../harness/program.ts';
import { Release } from '../harness/release.ts';
import {
  applyRun,
  conditionOf,
  eventsOf,
  getRun,
  listRuns,
  modestValues,
  patchRun,
  slowly,
  trains,
  waitFor,
  type Run,
} from '../harness/runs.ts';
import { badDataMap, largerDataMap, smallDataMap, smallTrainer } from '../harness/small-data.ts';

/** A registry that no name server knows. */
const MISSING_IMAGE = 'registry.invalid/bookrec-batch:none';

/** Kills the trainer in its container, whose first process, tini, cannot be killed from within. */
const killTrainer = `
  const isTrainer = (id) => readFileSync('/proc/' + id + '/cmdline', 'utf8').endsWith('main.js\\0train\\0');
  const { readdirSync, readFileSync } = require('node:fs');
  const ids = readdirSync('/proc').filter((name) => /^\\d+$/.test(name) && name !== '1');
  process.kill(Number(ids.find(isTrainer)), 'SIGKILL');`;

/** The container can end before the command that ended it, which is killed then. */
function goesWithContainer(error: unknown): void {
  if (!(error instanceof ProgramError && error.text.includes('exit code 137'))) throw error;
}

describe('a run that fails', () => {
  let release: Release;
  let client: ClientPod;
  let namespace: string;
  let live: string;
  let versions: string;

  const podsOf = (name: string): Promise<Pod[]> =>
    list(podSchema, 'pods', namespace, `bookrec.dev/run=${name}`);

  /** What `kubectl get rr` prints of a run. */
  const rowOf = (name: string): Promise<string> =>
    kubectl(['get', 'rr', name, '-n', namespace, '--no-headers']);

  beforeAll(async () => {
    namespace = await createNamespace('run-failures');
    await apply(namespace, smallDataMap(), largerDataMap(), badDataMap());
    release = await Release.install(namespace, merge(smallTrainer(), modestValues));
    client = await ClientPod.start(namespace);
    await applyRun(namespace, 'good');
    live = (await waitFor(namespace, 'good', 'Complete')).status.modelVersion ?? '';
    versions = await release.command('models', 'list');
    await eventually(answersFromLive);
    // Unhurried, to leave the machine to the trainers.
    await client.startStream('readers', `${release.url}/recommend/8`, 2, 100);
  });

  afterAll(async ({}, suite) => {
    // First, since there is no client where the release did not come up.
    await cleanUp(suite);
  });

  async function answersFromLive(): Promise<void> {
    const answer = recommendAnswerSchema.parse(await client.json(`${release.url}/recommend/8`));
    expect(answer).toMatchObject({ source: 'personal', model_version: live });
  }

  afterEach(answersFromLive);

  /** Waits for the failure, and looks for it wherever people look. */
  async function failed(name: string, reason: string, message: RegExp): Promise<Run> {
    const run = await waitFor(namespace, name, 'Failed');
    expect(conditionOf(run, 'Failed')).toMatchObject({ reason });
    expect(conditionOf(run, 'Failed')?.message).toMatch(message);
    expect(conditionOf(run, 'Complete')).toMatchObject({ status: 'False', reason: 'Failed' });
    expect(conditionOf(run, 'Published')).toMatchObject({ status: 'False', reason });
    expect(conditionOf(run, 'Progressing')).toMatchObject({ status: 'False', reason: 'Finished' });
    expect(run.status.modelVersion).toBeUndefined();
    expect(run.status.lastError).not.toBe('');
    const told = { type: 'Warning', reason, message: expect.stringMatching(message) as string };
    await eventually(async () => {
      expect(await eventsOf(namespace, name)).toContainEqual(expect.objectContaining(told));
    });
    expect(await rowOf(name)).toMatch(new RegExp(`^${name} +False +failed: ${reason} `));
    return run;
  }

  it('on bad data says which file and line', async () => {
    const data = { configMapName: 'bad' };
    await applyRun(namespace, 'bad-data', { data, backoffLimit: 0 });
    const run = await failed('bad-data', 'DataTooBad', /BX-Book-Ratings\.csv/);
    expect(conditionOf(run, 'DataValid')).toMatchObject({ status: 'False', reason: 'DataTooBad' });
    expect(conditionOf(run, 'DataValid')?.message).toMatch(/BX-Book-Ratings\.csv/);
    expect(conditionOf(run, 'Trained')).toBeUndefined();
  });

  it('for want of memory says which container', async () => {
    // Less than it needs to read the data, and so to learn that a training has no room in it.
    const resources = { requests: { memory: '64Mi' }, limits: { memory: '64Mi' } };
    const data = { configMapName: 'larger' };
    await applyRun(namespace, 'no-memory', { data, resources, backoffLimit: 0 });
    const words = /Container trainer of pod no-memory-\S+ used more memory than its limit/;
    const run = await failed('no-memory', 'OutOfMemory', words);
    expect(conditionOf(run, 'Trained')).toMatchObject({ status: 'False', reason: 'OutOfMemory' });
  });

  it('for want of time says where it was', async () => {
    await applyRun(namespace, 'no-time', { ...slowly(6), activeDeadlineSeconds: 10 });
    const words = /stopped at its deadline\. The trainer was in \w+/;
    const run = await failed('no-time', 'DeadlineExceeded', words);
    expect(conditionOf(run, 'Trained')).toMatchObject({ status: 'False' });
  });

  it('for want of its image says so while it waits, and at the deadline', async () => {
    const { spec } = await get(
      cronJobObjectSchema,
      'cronjobs',
      `${release.prefix}-trainer`,
      namespace,
    );
    for (const container of spec.jobTemplate.spec.template.spec.containers) {
      container['image'] = MISSING_IMAGE;
    }
    await apply(namespace, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'no-image' },
      spec: { schedule: '0 0 1 1 *', suspend: true, ...spec },
    });
    await applyRun(namespace, 'no-image', { cronJobName: 'no-image', activeDeadlineSeconds: 12 });
    await eventually(async () => {
      const waiting = conditionOf(await getRun(namespace, 'no-image'), 'Progressing');
      expect(waiting).toMatchObject({ status: 'False', reason: 'ImagePullFailed' });
      expect(waiting?.message).toMatch(/pod no-image-\S+: (ErrImagePull|ImagePullBackOff)/);
      expect(waiting?.message).toContain(MISSING_IMAGE);
    });
    expect(await rowOf('no-image')).toMatch(/waits: ImagePullFailed/);
    await failed(
      'no-image',
      'DeadlineExceeded',
      /deadline\. .*pod no-image-\S+: .*registry\.invalid/,
    );
    const reasons = (await eventsOf(namespace, 'no-image')).map(({ reason }) => reason);
    expect(reasons).toContain('ImagePullFailed');
  });

  /** Starts a run that trains for seconds, and kills its trainer. */
  async function killed(name: string, spec: RunSpec): Promise<void> {
    await applyRun(namespace, name, { ...spec, publish: 'never' });
    await trains(namespace, name);
    const [pod] = await podsOf(name);
    const place = [pod?.metadata.name ?? '', '-n', namespace];
    await kubectl(['exec', ...place, '--', 'node', '--eval', killTrainer]).catch(goesWithContainer);
  }

  it('by a killed container says which', async () => {
    await killed('killed', { ...slowly(2), backoffLimit: 0 });
    const words = /Container trainer of pod killed-\S+ was killed by signal 9\. The trainer was in/;
    const run = await failed('killed', 'Killed', words);
    expect(conditionOf(run, 'DataValid')).toMatchObject({ status: 'True', reason: 'DataRead' });
  });

  it('once by a killed container is tried again', async () => {
    await killed('killed-once', { ...slowly(3), backoffLimit: 1 });
    const run = await waitFor(namespace, 'killed-once', 'Complete');
    expect(conditionOf(run, 'Failed')?.status).toBe('False');
    expect(run.status.lastError).toBeUndefined();
    const job = await get(jobSchema, 'jobs', run.status.jobName ?? '', namespace);
    expect(job.status).toMatchObject({ failed: 1, succeeded: 1 });
    const events = await eventsOf(namespace, 'killed-once');
    const again = events.find(({ reason }) => reason === 'Retrying');
    expect(again?.message).toMatch(/Container trainer of pod \S+ was killed by signal 9/);
  });

  it('once by a deleted pod trains in another', async () => {
    await applyRun(namespace, 'pod-deleted', { ...slowly(4), publish: 'never' });
    await trains(namespace, 'pod-deleted');
    const [before] = await podsOf('pod-deleted');
    await kubectl(['delete', 'pod', before?.metadata.name ?? '', '-n', namespace]);
    const run = await waitFor(namespace, 'pod-deleted', 'Complete');
    expect(conditionOf(run, 'Trained')?.status).toBe('True');
    const after = await podsOf('pod-deleted');
    expect(after.map(({ metadata }) => metadata.name)).not.toContain(before?.metadata.name);
    expect(after).toHaveLength(1);
  });

  it('keeps its status when Jobs and pods are gone', async () => {
    const before = await listRuns(namespace);
    await kubectl(['delete', 'jobs', '--all', '-n', namespace, '--cascade=foreground']);
    expect(await list(podSchema, 'pods', namespace, 'bookrec.dev/run')).toEqual([]);
    for (const { metadata, status } of before) {
      // Makes the controller look at it again and say so.
      await patchRun(namespace, metadata.name, { ttlSecondsAfterFinished: 86_400 });
      await eventually(async () => {
        const { status: after } = await getRun(namespace, metadata.name);
        expect(after).toEqual({ ...status, observedGeneration: 2 });
      });
    }
    expect(before).toHaveLength(8);
  });

  it('has left the live model alone', async () => {
    const { answered, failures, versions: seen } = await client.stopStream('readers');
    expect(answered).toBeGreaterThan(100);
    expect(failures).toEqual([]);
    expect(seen.map(({ name, digests }) => [name, digests.length])).toEqual([[live, 1]]);
    expect(await release.command('models', 'list')).toBe(versions);
  });
});
