import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recommendAnswerSchema, type RecommendAnswer } from '../../src/contracts/http.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { apply, get, kubectl, secretSchema } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { previousChart } from '../harness/previous-chart.ts';
import { Release } from '../harness/release.ts';
import { smallDataMap, smallTrainer } from '../harness/small-data.ts';

describe('a release from the version before to its end', () => {
  let release: Release;
  let neighbour: Release;
  let client: ClientPod;
  let before: RecommendAnswer;

  const list = async (): Promise<RecommendAnswer> =>
    recommendAnswerSchema.parse(await client.json(`${release.url}/recommend/8`));
  const password = async (): Promise<string | undefined> =>
    (await get(secretSchema, 'secrets', `${release.prefix}-store`, release.namespace)).data?.[
      'password'
    ];

  const objects = (): Promise<string> =>
    kubectl(['get', 'all,secret,configmap,pvc', '-n', release.namespace, '-o', 'name']);

  /** The list that was there before is there again. */
  const sameList = (): Promise<void> =>
    eventually(async () => {
      expect(await list()).toEqual(before);
    });

  beforeAll(async () => {
    const [own, other] = [await createNamespace('life'), await createNamespace('neighbour')];
    await apply(own, smallDataMap());
    release = await Release.install(own, smallTrainer(), {
      chart: previousChart(),
      parts: ['api', 'trainer'],
    });
    // Under the same name, to see that nothing is shared across namespaces.
    neighbour = await Release.install(other, { api: { replicas: 1 } });
    client = await ClientPod.start(own);
    await release.train('first');
    before = await eventually(list);
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('leaves a release of the same name in another namespace alone', async () => {
    const { status } = await client.ask(`${neighbour.url}/recommend/8`);
    expect(status).toBe(503);
    expect((await client.ask(`${neighbour.url}/health`)).status).toBe(200);
  });

  it('is upgraded with its model and its password', async () => {
    const old = await password();
    await release.upgrade(smallTrainer());
    expect(await release.helm('status')).toContain('STATUS: deployed');
    await sameList();
    expect(await password()).toBe(old);
  });

  it('is rolled back with them', async () => {
    await release.helm('rollback', '1', '--wait', '--timeout', '3m');
    await release.readyPods('api', 2);
    await sameList();
  });

  it('leaves its volume when it is uninstalled', async () => {
    await release.helm('uninstall', '--wait', '--timeout', '3m');
    const left = await eventually(async () => {
      expect(await release.pods('store')).toEqual([]);
      expect(await release.pods('api')).toEqual([]);
      return objects();
    });
    expect(left).toContain(`persistentvolumeclaim/data-${release.prefix}-store-0`);
    expect(left).not.toContain(`${release.prefix}-api`);
    expect(left).not.toContain(`${release.prefix}-trainer`);
  });

  it('adopts the volume when it is installed again', async () => {
    await Release.install(release.namespace, smallTrainer());
    await sameList();
  });
});
