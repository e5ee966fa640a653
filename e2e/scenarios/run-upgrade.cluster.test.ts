import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { apply, kubectl, list, podSchema } from '../harness/kubectl.ts';
import { merge } from '../harness/merge.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import {
  applyRun,
  conditionOf,
  getRun,
  listRuns,
  modestValues,
  patchRun,
  slowly,
  trains,
  waitFor,
  type Run,
} from '../harness/runs.ts';
import { largerDataMap, smallDataMap, smallTrainer } from '../harness/small-data.ts';

const values = merge(smallTrainer(), modestValues);
const upgraded = merge(values, { controller: { podAnnotations: { round: 'two' } } });

/** Longest wait for four trainings one after the other, two of them slow. */
const FOUR_TRAININGS_S = 300;

describe('runs outlive', () => {
  let release: Release;
  let namespace: string;

  const ended = ['finished', 'failed'] as const;
  const statuses = async (names: readonly string[]): Promise<Array<Run['status']>> => {
    const runs = await Promise.all(names.map((name) => getRun(namespace, name)));
    return runs.map(({ status }) => status);
  };

  /** Waits until a run says that it waits, and for what. */
  const waits = (name: string, reason: string): Promise<void> =>
    eventually(async () => {
      const progressing = conditionOf(await getRun(namespace, name), 'Progressing');
      expect(progressing).toMatchObject({ status: 'False', reason });
    });

  const podsOf = async (name: string): Promise<string[]> =>
    (await list(podSchema, 'pods', namespace, `bookrec.dev/run=${name}`)).map(
      ({ metadata }) => metadata.uid,
    );

  /** Starts a run that takes its time. */
  async function startsTraining(name: string, seed: number): Promise<void> {
    await applyRun(namespace, name, { ...slowly(seed), publish: 'never' });
    await trains(namespace, name);
  }

  /** Applies a run behind one that trains. */
  async function queues(name: string, seed: number): Promise<void> {
    await applyRun(namespace, name, { model: { seed }, publish: 'never' });
    await waits(name, 'Queued');
  }

  beforeAll(async () => {
    namespace = await createNamespace('run-upgrade');
    await apply(namespace, smallDataMap(), largerDataMap());
    release = await Release.install(namespace, values);
    await applyRun(namespace, 'finished');
    await waitFor(namespace, 'finished', 'Complete');
    await release.startTraining('its-own');
    await eventually(() => getRun(namespace, release.jobName('its-own')));
    await waitFor(namespace, release.jobName('its-own'), 'Complete');
    await applyRun(namespace, 'failed', { rollbackTo: 'no-such-version' });
    await waitFor(namespace, 'failed', 'Failed');
    await applyRun(namespace, 'suspended', { suspend: true, model: { seed: 9 }, publish: 'never' });
    await waits('suspended', 'Suspended');
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('an upgrade, whatever they are at', async () => {
    const before = await statuses([...ended, 'suspended']);
    await startsTraining('training', 1);
    await queues('queued', 2);
    const pods = await podsOf('training');
    await release.upgrade(upgraded);
    expect(await statuses([...ended, 'suspended'])).toEqual(before);
    expect(conditionOf(await getRun(namespace, 'training'), 'Complete')?.status).toBe('False');
    await waitFor(namespace, 'training', 'Complete');
    expect(await podsOf('training')).toEqual(pods);
    await waitFor(namespace, 'queued', 'Complete');
    expect(await podsOf('suspended')).toEqual([]);
  });

  it('the release, with their status', async () => {
    await startsTraining('halted', 3);
    await patchRun(namespace, 'halted', { suspend: true });
    await waits('halted', 'Suspended');
    await startsTraining('orphan', 4);
    await queues('waiting', 5);
    const quiet = [...ended, 'training', 'queued', 'suspended', 'halted', 'waiting'];
    const before = await statuses(quiet);
    await release.helm('uninstall', '--wait', '--timeout', '3m');
    expect(await kubectl(['get', 'crd/recommenderruns.bookrec.dev', '-o', 'name'])).not.toBe('');
    expect(await statuses(quiet)).toEqual(before);
    // What Kubernetes made for the release goes with it: the CronJob's Job, and so its run.
    await eventually(async () => {
      const left = (await listRuns(namespace)).map(({ metadata }) => metadata.name);
      expect(left.sort()).toEqual([...quiet, 'orphan'].sort());
    });
  });

  it(
    'until another goes on with those that wait',
    async () => {
      await Release.install(namespace, values);
      await patchRun(namespace, 'halted', { suspend: false });
      await patchRun(namespace, 'suspended', { suspend: false });
      // The pod of `orphan` fails without the store, and its Job tries again.
      const names = ['waiting', 'suspended', 'halted', 'orphan'];
      await Promise.all(
        names.map(async (name) => {
          const run = await waitFor(namespace, name, 'Complete', FOUR_TRAININGS_S);
          expect(conditionOf(run, 'Complete')?.reason).toBe('NotPublished');
        }),
      );
    },
    1000 * (FOUR_TRAININGS_S + 60),
  );
});
