import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiProxy } from '../harness/api-proxy.ts';
import { eventually } from '../harness/eventually.ts';
import { apply, kubectl } from '../harness/kubectl.ts';
import { LocalController } from '../harness/local-controller.ts';
import { merge } from '../harness/merge.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import {
  applyRun,
  completesOnce,
  conditionOf,
  getRun,
  modestValues,
  runObject,
  slowly,
  trains,
} from '../harness/runs.ts';
import { largerDataMap, smallDataMap, smallTrainer } from '../harness/small-data.ts';

const values = merge(smallTrainer(), modestValues);

describe('a run ends once, with one Job', () => {
  let release: Release;
  let namespace: string;

  const isUnderWay = async (name: string): Promise<void> => {
    expect(conditionOf(await getRun(namespace, name), 'Complete')?.status).toBe('False');
  };

  beforeAll(async () => {
    namespace = await createNamespace('controller-faults');
    await apply(namespace, smallDataMap(), largerDataMap());
    release = await Release.install(namespace, values);
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('although the pod of the controller is deleted while it trains', async () => {
    await applyRun(namespace, 'bereft', { ...slowly(1), publish: 'never' });
    await trains(namespace, 'bereft');
    const [pod] = await release.pods('controller');
    await kubectl(['delete', 'pod', pod?.metadata.name ?? '', '-n', namespace]);
    const [next] = await release.readyPods('controller', 1);
    expect(next?.metadata.uid).not.toBe(pod?.metadata.uid);
    await isUnderWay('bereft');
    const run = await completesOnce(namespace, 'bereft');
    expect(conditionOf(run, 'Complete')?.reason).toBe('NotPublished');
    expect(conditionOf(run, 'Trained')?.status).toBe('True');
  });

  it('although two controllers are at work', async () => {
    const deployment = `deployment/${release.prefix}-controller`;
    await kubectl(['scale', deployment, '--replicas=2', '-n', namespace]);
    await release.readyPods('controller', 2);
    const names = Array.from({ length: 6 }, (_, index) => `shared-${index}`);
    // All alike, so that those after the first have nothing to do and end soon.
    await apply(namespace, ...names.map((name) => runObject(name)));
    const reasons: Array<string | undefined> = [];
    for (const name of names) {
      const run = await completesOnce(namespace, name);
      reasons.push(conditionOf(run, 'Complete')?.reason);
    }
    expect(reasons).toEqual(['Published', ...names.slice(1).map(() => 'Unchanged')]);
  });

  describe('although the way to the API server', () => {
    let proxy: ApiProxy;
    let controller: LocalController;

    beforeAll(async () => {
      await release.upgrade(merge(values, { controller: { enabled: false } }));
      await eventually(async () => {
        expect(await release.pods('controller')).toEqual([]);
      });
      proxy = await ApiProxy.start();
      const kubeconfig = proxy.kubeconfig(namespace);
      controller = await LocalController.start(kubeconfig, `${release.prefix}-trainer`);
    });

    it.each<{ what: string; name: string; seed: number; disturb: () => Promise<void> }>([
      {
        what: 'is cut',
        name: 'cut',
        seed: 11,
        disturb: async () => {
          proxy.cut();
        },
      },
      {
        what: 'goes silent',
        name: 'silent',
        seed: 12,
        disturb: async () => {
          proxy.silence();
        },
      },
      {
        what: 'is closed for a while, as by a restart',
        name: 'closed',
        seed: 13,
        disturb: async () => {
          proxy.refuse();
          await eventually(async () => {
            expect(await controller.watchAge()).toBeGreaterThanOrEqual(5);
          });
          await proxy.accept();
        },
      },
    ])('$what', async ({ name, seed, disturb }) => {
      await applyRun(namespace, name, { ...slowly(seed), publish: 'never' });
      await eventually(async () => {
        expect(conditionOf(await getRun(namespace, name), 'Progressing')?.reason).toBe('Running');
      });
      await disturb();
      // Only a watch that works again tells of this one.
      await applyRun(namespace, `${name}-next`, { publish: 'never', model: { seed: seed + 10 } });
      // Silence is noticed after 30 s.
      const run = await completesOnce(namespace, name, 75);
      expect(conditionOf(run, 'Complete')?.reason).toBe('NotPublished');
      // From the last words of the trainer, since the store of this controller holds no record.
      expect(conditionOf(run, 'Published')?.reason).toBe('PolicyNever');
      expect(Number(run.status.metrics?.rmse)).toBeGreaterThan(0);
      await completesOnce(namespace, `${name}-next`, 75);
      await eventually(async () => {
        expect(await controller.watchAge()).toBeLessThan(5);
      });
    });
  });
});
