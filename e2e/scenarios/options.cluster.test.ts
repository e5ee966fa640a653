import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { healthAnswerSchema, recommendAnswerSchema } from '../../src/contracts/http.ts';
import { certificate } from '../../src/testing/certificate.ts';
import { ClientPod } from '../harness/client-pod.ts';
import { eventually } from '../harness/eventually.ts';
import { apply, kubectl } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';
import { Release } from '../harness/release.ts';
import { smallDataMap, smallTrainer } from '../harness/small-data.ts';

const secret = (name: string, stringData: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
});

describe('a store with password and TLS, and another release that uses it', () => {
  let owner: Release;
  let guest: Release;
  let client: ClientPod;

  beforeAll(async () => {
    const [own, other] = [await createNamespace('store'), await createNamespace('guest')];
    const host = `books-bookrec-store`;
    const { cert, key, ca } = certificate([host, `${host}.${own}.svc`]);
    const password = randomBytes(16).toString('hex');
    await apply(
      own,
      secret('store-tls', { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca }),
      secret('store-password', { password }),
      smallDataMap(),
    );
    await apply(
      other,
      secret('their-ca', { 'ca.crt': ca }),
      secret('their-password', { secret: password }),
    );
    owner = await Release.install(own, {
      ...smallTrainer(),
      api: { autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 3 } },
      networkPolicy: { enabled: true, apiFrom: [{ namespaceSelector: {} }] },
      store: {
        tls: { enabled: true, existingSecret: 'store-tls' },
        auth: { existingSecret: 'store-password' },
      },
    });
    guest = await Release.install(other, {
      api: { replicas: 1 },
      store: {
        enabled: false,
        external: {
          url: `rediss://${host}.${own}.svc:6379/0`,
          existingSecret: 'their-password',
          existingSecretKey: 'secret',
          caSecret: 'their-ca',
        },
      },
    });
    client = await ClientPod.start(own);
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('makes budgets, autoscaler and policies as the values say', async () => {
    const names = (
      await kubectl(['get', 'hpa,pdb,networkpolicy', '-n', owner.namespace, '-o', 'name'])
    )
      .trim()
      .split('\n');
    expect(names.toSorted()).toEqual([
      `horizontalpodautoscaler.autoscaling/${owner.prefix}-api`,
      `networkpolicy.networking.k8s.io/${owner.prefix}-api`,
      `networkpolicy.networking.k8s.io/${owner.prefix}-controller`,
      `networkpolicy.networking.k8s.io/${owner.prefix}-deny`,
      `networkpolicy.networking.k8s.io/${owner.prefix}-store`,
      `networkpolicy.networking.k8s.io/${owner.prefix}-test`,
      `networkpolicy.networking.k8s.io/${owner.prefix}-trainer`,
      `poddisruptionbudget.policy/${owner.prefix}-api`,
    ]);
    const one = await kubectl(['get', 'hpa,pdb,networkpolicy,statefulset', '-n', guest.namespace]);
    expect(one).toBe('');
  });

  it('refuses whoever does not speak TLS or does not know the password', async () => {
    const address = `http://${owner.prefix}-store.${owner.namespace}.svc:6379/`;
    await expect(client.ask(address)).rejects.toThrow();
  });

  it('is reached over TLS by both', async () => {
    for (const { url } of [owner, guest]) {
      const health = healthAnswerSchema.parse(await client.json(`${url}/health`));
      expect(health.store).toMatchObject({ connected: true });
      expect(health.store.address).toMatch(/^rediss:/);
    }
  });

  it('is trained into by one and read by the other', async () => {
    const { version } = await owner.train('first');
    const lists = await Promise.all(
      [owner, guest].map(({ url }) =>
        eventually(async () =>
          recommendAnswerSchema.parse(await client.json(`${url}/recommend/8`)),
        ),
      ),
    );
    expect(lists[0]).toMatchObject({ source: 'personal', model_version: version });
    expect(lists[1]).toEqual(lists[0]);
  });

  it('passes `helm test` from behind the network policies', async () => {
    expect(await owner.helm('test')).toContain('Succeeded');
  });
});
