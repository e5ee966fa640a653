import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  healthAnswerSchema,
  problemSchema,
  recommendAnswerSchema,
} from '../../src/contracts/http.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { figure } from '../harness/figures.ts';
import { cronJobSchema, get, kubectl, secondsToReady } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release, terminationOf } from '../harness/release.ts';

describe('an installation with default values in a restricted namespace', () => {
  let release: Release;
  let client: ClientPod;

  beforeAll(async () => {
    const namespace = await createNamespace('install');
    const start = performance.now();
    release = await Release.install(namespace);
    figure('helm install to Ready', `${((performance.now() - start) / 1000).toFixed(1)} s`);
    client = await ClientPod.start(namespace);
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('is Ready, two replicas and the store', async () => {
    const replicas = await release.readyPods('api', 2);
    await release.readyPods('store', 1);
    const slowest = Math.max(...replicas.map(secondsToReady));
    figure('API container started to Ready, beside its store', `${slowest} s`);
  });

  it('is connected to its store', async () => {
    const health = healthAnswerSchema.parse(await client.json(`${release.url}/health`));
    expect(health).toMatchObject({
      status: 'healthy',
      store: { connected: true },
      model: { state: 'none' },
    });
  });

  it('lets in nobody without a key, and keeps the generated one at an upgrade', async () => {
    const withoutKey = { headers: { Authorization: '' } };
    expect((await client.ask(`${release.url}/recommend/8`, withoutKey)).status).toBe(401);
    expect((await client.ask(`${release.url}/readyz`, withoutKey)).status).toBe(200);
    const secret = (): Promise<string> =>
      kubectl(['get', `secret/${release.prefix}-api-keys`, '-n', release.namespace, '-o', 'json']);
    const data = (text: string): unknown => (JSON.parse(text) as { data: unknown }).data;
    const before = data(await secret());
    await release.upgrade();
    expect(data(await secret())).toEqual(before);
  });

  it('says that the model is not trained yet', async () => {
    const { status, body } = await client.ask(`${release.url}/recommend/8`);
    expect(status).toBe(503);
    expect(problemSchema.parse(JSON.parse(body))).toMatchObject({
      code: 'NOT_TRAINED',
      title: 'Model not trained yet',
    });
  });

  it('passes `helm test`', async () => {
    expect(await release.helm('test')).toContain('Succeeded');
  });

  it('trains every six hours, one run at a time', async () => {
    const { spec } = await get(
      cronJobSchema,
      'cronjobs',
      `${release.prefix}-trainer`,
      release.namespace,
    );
    expect(spec).toEqual({
      schedule: '0 */6 * * *',
      timeZone: 'Etc/UTC',
      suspend: false,
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 600,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 3,
    });
  });

  describe('after a training by hand on all of BookCrossing', () => {
    let version: string;

    beforeAll(async () => {
      await release.startTraining('first');
      const finished = await release.finished('first');
      const { exitCode, message } = terminationOf(finished);
      expect({ end: finished.end, exitCode, message }).toMatchObject({
        end: 'Complete',
        exitCode: 0,
      });
      const summary = JSON.parse(message) as { state: string; version: string };
      expect(summary.state).toBe('succeeded');
      version = summary.version;
    });

    it('recommends books to a reader through the Service', async () => {
      const answer = recommendAnswerSchema.parse(await client.json(`${release.url}/recommend/8`));
      expect(answer).toMatchObject({ source: 'personal', model_version: version });
      expect(answer.recommendations).toHaveLength(10);
    });

    it('recommends to a cold reader what the prior says', async () => {
      const answer = recommendAnswerSchema.parse(
        await client.json(`${release.url}/recommend/nobody-yet`),
      );
      expect(answer.source).toBe('prior');
      expect(answer.recommendations).toHaveLength(10);
      const [book] = answer.recommendations;
      expect(book?.confidence_interval[1]).toBeLessThanOrEqual(10);
    });

    it('passes `helm test` again', async () => {
      expect(await release.helm('test', '--logs')).toContain('recommends');
    });

    it('lists the version by the command of the image', async () => {
      expect(await release.command('models', 'list')).toContain(version);
    });
  });
});
