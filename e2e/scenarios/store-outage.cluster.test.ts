import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  healthAnswerSchema,
  recommendAnswerSchema,
  type RecommendAnswer,
} from '../../src/contracts/http.ts';
import { foldInAnswerSchema } from '../../src/contracts/http-fold-in.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { apply, kubectl } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import { smallDataMap, smallTrainer } from '../harness/small-data.ts';

describe('the store away', () => {
  let release: Release;
  let client: ClientPod;
  let before: RecommendAnswer;

  const list = async (reader = '8'): Promise<RecommendAnswer> =>
    recommendAnswerSchema.parse(await client.json(`${release.url}/recommend/${reader}`));

  const storeReplicas = (count: number): Promise<string> =>
    kubectl([
      'scale',
      `statefulset/${release.prefix}-store`,
      `--replicas=${count}`,
      '-n',
      release.namespace,
    ]);

  beforeAll(async () => {
    const namespace = await createNamespace('outage');
    await apply(namespace, smallDataMap());
    release = await Release.install(namespace, smallTrainer());
    client = await ClientPod.start(namespace);
    await release.train('first');
    before = await eventually(() => list());
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('has written a snapshot at the end of the training', async () => {
    const pod = `${release.prefix}-store-0`;
    const files = (): Promise<string> =>
      kubectl(['exec', pod, '-n', release.namespace, '--', 'ls', '/data']);
    await eventually(async () => {
      expect(await files()).toMatch(/^dump/m);
    });
  });

  it('is answered for from memory: lists just read as they were, all marked', async () => {
    await storeReplicas(0);
    await release.readyPods('store', 0);
    expect(await list()).toEqual({ ...before, degraded: true });
    const other = await list('5888');
    expect(other).toMatchObject({ degraded: true, source: 'prior' });
    expect(other.model_version).toBe(before.model_version);
    expect(other.recommendations).toHaveLength(10);
  });

  it('does not keep anybody from a list for their own ratings', async () => {
    const { status, body } = await client.ask(`${release.url}/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ratings: [{ isbn: before.recommendations[0]?.isbn, rating: 9 }] }),
    });
    expect(status).toBe(200);
    expect(foldInAnswerSchema.parse(JSON.parse(body)).source).toBe('fold-in');
  });

  it('leaves the replicas Ready and says so in /health', async () => {
    await release.readyPods('api', 2);
    expect(healthAnswerSchema.parse(await client.json(`${release.url}/health`))).toMatchObject({
      status: 'degraded',
      store: { connected: false },
      model: { state: 'loaded' },
    });
  });

  it('comes back with the model from its volume', async () => {
    await storeReplicas(1);
    await release.readyPods('store', 1);
    await eventually(async () => {
      expect(await list()).toEqual(before);
    });
    const pods = await release.readyPods('api', 2);
    expect(pods.map(({ status }) => status.containerStatuses[0]?.restartCount)).toEqual([0, 0]);
  });

  it('survives a deleted pod in the same way', async () => {
    await kubectl(['delete', 'pod', `${release.prefix}-store-0`, '-n', release.namespace]);
    await release.readyPods('store', 1);
    await eventually(async () => {
      expect(await list()).toEqual(before);
    });
  });
});
