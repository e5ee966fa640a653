import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../harness/eventually.ts';
import { apply, kubectl } from '../../harness/kubectl.ts';
import { merge } from '../../harness/merge.ts';
import { cleanUp, createNamespace } from '../../harness/namespace.ts';
import { Release } from '../../harness/release.ts';
import {
  applyRun,
  conditionOf,
  eventsOf,
  getRun,
  modestValues,
  waitFor,
} from '../../harness/runs.ts';
import { smallDataMap, smallTrainer } from '../../harness/small-data.ts';

/** A release of nothing but a controller, for the runs of all namespaces. */
const ONLY_CONTROLLER = {
  api: { replicas: 0, pdb: { enabled: false } },
  controller: { clusterWide: true },
  trainer: { enabled: false },
  store: { enabled: false, external: { url: 'redis://nowhere:6379/0' } },
};

/** A release of a team, which leaves its runs to that controller. */
const TEAM = merge(smallTrainer(), merge(modestValues, { controller: { enabled: false } }));

describe('a controller of all namespaces', () => {
  let controller: Release;
  let teams: readonly [Release, Release];

  const trainerOf = ({ prefix }: Release): string => `${prefix}-trainer`;

  /** What the controller's account may do in a namespace, by resource. */
  async function rights(namespace: string): Promise<Record<string, string>> {
    const account = `system:serviceaccount:${controller.namespace}:${controller.prefix}-controller`;
    const table = await kubectl(['auth', 'can-i', '--list', `--as=${account}`, '-n', namespace]);
    const rows = [...table.matchAll(/^(\S+) .*\[([a-z ]*)\]$/gm)];
    return Object.fromEntries(
      rows.map(([, resource = '', verbs = '']) => [resource, verbs] as const),
    );
  }

  beforeAll(async () => {
    const [own, ...theirs] = await Promise.all(
      ['wide', 'wide-one', 'wide-two'].map((purpose) => createNamespace(purpose)),
    );
    await Promise.all(theirs.map((namespace) => apply(namespace, smallDataMap())));
    const [first, second] = theirs;
    [controller, ...teams] = await Promise.all([
      Release.install(own ?? '', ONLY_CONTROLLER, { name: 'wide' }),
      Release.install(first ?? '', TEAM, { name: 'one' }),
      Release.install(second ?? '', TEAM, { name: 'two' }),
    ]);
  });

  afterAll(async ({}, suite) => {
    // Its role is not in a namespace, and would stay.
    await controller.helm('uninstall', '--wait').finally(() => cleanUp(suite));
  });

  it('carries out the runs of each beside those of the others, and tells all that their trainers say', async () => {
    for (const team of teams) {
      await applyRun(team.namespace, 'retrain', { cronJobName: trainerOf(team) });
    }
    for (const team of teams) {
      const run = await waitFor(team.namespace, 'retrain', 'Complete');
      expect(conditionOf(run, 'Complete')?.reason).toBe('Published');
      expect(Number(run.status.metrics?.rmse)).toBeGreaterThan(0);
      expect(await team.command('models', 'list')).toContain(run.status.modelVersion);
      const reasons = (await eventsOf(team.namespace, 'retrain')).map(({ reason }) => reason);
      expect(reasons).toContain('Published');
      expect(reasons).not.toContain('Queued');
    }
  });

  it('shows the trainings of their CronJobs', async () => {
    const [team] = teams;
    await team.startTraining('by-hand');
    const name = team.jobName('by-hand');
    await eventually(() => getRun(team.namespace, name));
    const run = await waitFor(team.namespace, name, 'Complete');
    expect(conditionOf(run, 'Complete')?.reason).toBe('Unchanged');
  });

  it('refuses what it cannot know: another store, and a CronJob that nobody named', async () => {
    const [{ namespace }] = teams;
    await applyRun(namespace, 'back', { rollbackTo: 'v1' });
    await applyRun(namespace, 'nameless');
    for (const [name, reason] of [
      ['back', 'NoStore'],
      ['nameless', 'CronJobUnknown'],
    ] as const) {
      await eventually(async () => {
        expect(conditionOf(await getRun(namespace, name), 'Accepted')?.reason).toBe(reason);
      });
    }
  });

  it('may do what that needs, and nothing else', async () => {
    const all = await rights('default');
    const anybody = await kubectl(['auth', 'can-i', '--list', '--as=system:serviceaccount:x:x']);
    const own = Object.entries(all).filter(([resource]) => !anybody.includes(resource));
    expect(Object.fromEntries(own)).toEqual({
      'recommenderruns.bookrec.dev': 'get list watch create delete',
      'recommenderruns.bookrec.dev/status': 'update',
      'recommenderruns.bookrec.dev/finalizers': 'update',
      'jobs.batch': 'get list watch create patch',
      'cronjobs.batch': 'get',
      pods: 'list',
      events: 'create',
    });
  });
});
