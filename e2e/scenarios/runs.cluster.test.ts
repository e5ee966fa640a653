import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelInfoAnswerSchema, type ModelInfoAnswer } from '../../src/contracts/http.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { apply, kubectl } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { refusal } from '../harness/program.ts';
import { Release } from '../harness/release.ts';
import {
  applyRun,
  conditionOf,
  eventsOf,
  getRun,
  runObject,
  waitFor,
  type Run,
} from '../harness/runs.ts';
import { dataMap, smallData, smallDataMap, smallTrainer } from '../harness/small-data.ts';
import type { RunSpec } from '../../src/contracts/recommender-run.ts';

describe('runs', () => {
  let release: Release;
  let client: ClientPod;
  let namespace: string;
  let first: string;

  const info = async (host = release.url): Promise<ModelInfoAnswer> =>
    modelInfoAnswerSchema.parse(await client.json(`${host}/model/info`));

  /** Waits until every replica serves a version. */
  async function served(version: string | undefined): Promise<void> {
    const replicas = await release.readyPods('api', 2);
    for (const { status } of replicas) {
      await eventually(async () => {
        expect((await info(`http://${status.podIP ?? ''}:8000`)).model_version).toBe(version);
      });
    }
  }

  const complete = async (name: string, spec: RunSpec = {}): Promise<Run> => {
    await applyRun(namespace, name, spec);
    return waitFor(namespace, name, 'Complete');
  };

  beforeAll(async () => {
    namespace = await createNamespace('runs');
    await apply(namespace, smallDataMap(), dataMap('other', smallData(7)));
    release = await Release.install(namespace, smallTrainer());
    client = await ClientPod.start(namespace);
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('of the smallest kind train, publish and report what the API says', async () => {
    const seen = new Set<string | undefined>();
    await kubectl(['apply', '-n', namespace, '-f', 'charts/bookrec/examples/run.yaml']);
    const wait = kubectl([
      'wait',
      '-n',
      namespace,
      '--for=condition=Complete',
      'rr/retrain',
      '--timeout=120s',
    ]);
    await eventually(async () => {
      const run = await getRun(namespace, 'retrain');
      seen.add(run.status.progress?.summary);
      expect(conditionOf(run, 'Complete')?.status).toBe('True');
    }, 120);
    await wait;
    expect(seen.size).toBeGreaterThan(2);
    const { status } = await getRun(namespace, 'retrain');
    first = status.modelVersion ?? '';
    await served(first);
    const { metrics, model_version: version, effective_rank: rank } = await info();
    expect(version).toBe(first);
    expect(Number(status.metrics?.rmse)).toBeCloseTo(metrics.model.rmse, 4);
    expect(Number(status.metrics?.mae)).toBeCloseTo(metrics.model.mae, 4);
    expect(Number(status.metrics?.coverage95)).toBeCloseTo(metrics.model.coverage.p95, 4);
    expect(Number(status.metrics?.effectiveRank)).toBeCloseTo(rank, 1);
    expect(status.backend?.used).toBe('cpu');
    const reasons = (await eventsOf(namespace, 'retrain')).map(({ reason }) => reason);
    expect(reasons).toEqual(
      expect.arrayContaining(['Accepted', 'DataRead', 'Trained', 'Published']),
    );
  });

  it('stand for the trainings of the CronJob too', async () => {
    await release.startTraining('by-hand');
    const name = release.jobName('by-hand');
    const run = await eventually(() => getRun(namespace, name));
    expect(run.spec.jobName).toBe(name);
    expect(await waitFor(namespace, name, 'Complete')).toMatchObject({
      status: { jobName: name },
    });
    // Nothing had changed, so that nothing was trained.
    expect(conditionOf(await getRun(namespace, name), 'Complete')?.reason).toBe('Unchanged');
    await served(first);
  });

  it('do not publish what the gate refuses, and say why', async () => {
    const run = await complete('other-data', { data: { configMapName: 'other' } });
    expect(conditionOf(run, 'Published')).toMatchObject({ status: 'False' });
    expect(conditionOf(run, 'Published')?.message).toMatch(/compare/);
    expect(run.status.metrics?.rmse).toBeDefined();
    expect(run.status.liveMetrics?.version).toBe(first);
    await served(first);
  });

  it('never publish where they are told so', async () => {
    const run = await complete('never', { publish: 'never', model: { seed: 3 } });
    expect(conditionOf(run, 'Published')?.status).toBe('False');
    expect(run.status.modelVersion).toBeUndefined();
    await served(first);
  });

  it('always publish where they are told so, on all replicas', async () => {
    const run = await complete('always', { publish: 'always', model: { seed: 4, rank: 4 } });
    expect(conditionOf(run, 'Published')?.status).toBe('True');
    expect(run.status.modelVersion).not.toBe(first);
    await served(run.status.modelVersion);
    expect(await info()).toMatchObject({ seed: 4, rank: 4 });
  });

  it('roll back to a version, on all replicas', async () => {
    const run = await complete('back', { rollbackTo: first });
    expect(conditionOf(run, 'Published')?.reason).toBe('RolledBack');
    expect(run.status.modelVersion).toBe(first);
    await served(first);
    await applyRun(namespace, 'back-to-nowhere', { rollbackTo: 'no-such-version' });
    const failed = await waitFor(namespace, 'back-to-nowhere', 'Failed');
    expect(conditionOf(failed, 'Failed')?.reason).toBe('VersionNotFound');
  });

  it.each<{ what: string; name: string; spec: object; says: RegExp }>([
    {
      what: 'a rank of none',
      name: 'bad',
      spec: { model: { rank: 0 } },
      says: /spec\.model\.rank/,
    },
    {
      what: 'a backend unheard of',
      name: 'bad',
      spec: { backend: 'tpu' },
      says: /supported values/,
    },
    {
      what: 'a rollback that is to train',
      name: 'bad',
      spec: { rollbackTo: 'v1', model: { rank: 4 } },
      says: /a rollback trains nothing/,
    },
    {
      what: 'two sources of data',
      name: 'bad',
      spec: { data: { claimName: 'a', configMapName: 'b' } },
      says: /give one source of data/,
    },
    {
      what: 'another rank for a run that is there',
      name: 'always',
      spec: { publish: 'always', model: { seed: 4, rank: 5 } },
      says: /cannot be changed once the run exists/,
    },
  ])('are refused at apply: $what', async ({ name, spec, says }) => {
    const text = JSON.stringify(runObject(name, spec));
    expect(await refusal('kubectl', ['apply', '-n', namespace, '-f', '-'], text)).toMatch(says);
  });

  it('are listed with their figures', async () => {
    const table = await kubectl(['get', 'rr', '-n', namespace]);
    expect(table).toMatch(/NAME +COMPLETE +PROGRESS +RMSE +COVERAGE95 +VERSION +AGE/);
    expect(table).toMatch(new RegExp(`retrain +True .*${first}`));
  });
});
