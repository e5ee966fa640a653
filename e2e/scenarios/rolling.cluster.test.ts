import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { figure } from '../harness/figures.ts';
import { apply, kubectl, secondsToReady } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import { smallDataMap, smallTrainer } from '../harness/small-data.ts';

describe('changes under a steady stream of requests', () => {
  let release: Release;
  let client: ClientPod;
  let first: string;

  beforeAll(async () => {
    const namespace = await createNamespace('rolling');
    await apply(namespace, smallDataMap());
    release = await Release.install(namespace, smallTrainer());
    client = await ClientPod.start(namespace);
    first = (await release.train('first')).version ?? '';
    const at = `${release.url}/recommend/8`;
    await eventually(() => client.json(at));
    await client.startStream('all', at);
  });

  afterAll(({}, suite) => cleanUp(suite));

  /** Waits for answers that come after now. */
  async function moreAnswers(): Promise<void> {
    const { answered } = await client.look('all');
    await eventually(async () => {
      expect((await client.look('all')).answered).toBeGreaterThan(answered + 100);
    });
  }

  const scale = async (replicas: number): Promise<void> => {
    const deployment = `deployment/${release.prefix}-api`;
    await kubectl(['scale', deployment, `--replicas=${replicas}`, '-n', release.namespace]);
    await release.readyPods('api', replicas);
    await moreAnswers();
  };

  it('scales 2 -> 4 -> 2 without a failed request', async () => {
    await scale(4);
    await scale(2);
    expect((await client.look('all')).failures).toEqual([]);
  });

  it('replaces all replicas without a failed request', async () => {
    const before = new Set((await release.pods('api')).map(({ metadata }) => metadata.uid));
    await release.upgrade({ ...smallTrainer(), api: { podAnnotations: { round: 'two' } } });
    const after = await release.readyPods('api', 2);
    figure(
      'API container started to Ready, slowest of two',
      `${Math.max(...after.map(secondsToReady))} s`,
    );
    expect(after.filter(({ metadata }) => before.has(metadata.uid))).toEqual([]);
    await moreAnswers();
    expect((await client.look('all')).failures).toEqual([]);
  });

  it('serves a new model from all replicas, and no answer is a mixture', async () => {
    const replicas = await release.readyPods('api', 2);
    const names = replicas.map(({ status }) => status.podIP ?? '');
    for (const ip of names) await client.startStream(ip, `http://${ip}:8000/recommend/8`, 2);
    await release.upgrade({
      ...smallTrainer({ seed: 2, publish: 'always' }),
      api: { podAnnotations: { round: 'two' } },
    });
    const { version } = await release.train('second');
    expect(version).not.toBe(first);
    for (const name of names) {
      await eventually(async () => {
        expect((await client.look(name)).versions.at(-1)?.name).toBe(version);
      });
    }
    await moreAnswers();
    const reports = await Promise.all(names.map((name) => client.stopStream(name)));
    const all = await client.stopStream('all');
    for (const report of [...reports, all]) {
      expect(report.failures).toEqual([]);
      expect(report.versions.map(({ name }) => name)).toEqual([first, version]);
      expect(report.versions.map(({ digests }) => digests.length)).toEqual([1, 1]);
    }
    const served = Math.max(...reports.map(({ versions }) => versions[1]?.first ?? Infinity));
    const published = await release.loggedAt('second', 'published');
    figure('model published to served by every replica', `${served - published} ms`);
    figure('requests answered while replicas changed', String(all.answered));
  });
});
