import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { kubeconfigAccess } from '../controller/api-access.ts';
import { startController } from '../controller/main.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { CRON_JOB, FakeCluster, NAMESPACE } from './fake-kube-api/cluster.ts';
import { FakeKubeApi } from './fake-kube-api/server.ts';

/** A controller that runs against the fake API server with the real client. */
export interface UnderTest {
  readonly url: string;
  stop(): Promise<void>;
}

const PACE = { gapMs: 10, pauseMs: 20, silenceMs: 300 };

/** A cluster and a store of their own, gone when the test has ended. */
export async function startCluster(): Promise<{
  api: FakeKubeApi;
  cluster: FakeCluster;
  store: Store;
}> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-controller-'));
  const api = await FakeKubeApi.start();
  const store = await openStore(`lmdb:${path.join(folder, 'store')}`);
  onTestFinished(async () => {
    await api.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });
  return { api, cluster: new FakeCluster(api), store };
}

/** Starts a controller, which stops when the test has ended. */
export async function startUnderTest(
  api: FakeKubeApi,
  store: Store,
  options: { relistMs?: number; timeoutMs?: number; watchNamespace?: string } = {},
): Promise<UnderTest> {
  const stopping = new AbortController();
  const access = await kubeconfigAccess(kubeconfigOf(api.url));
  const { url, closed } = await startController({
    access,
    store,
    cronJob: CRON_JOB,
    host: '127.0.0.1',
    port: 0,
    log: pino({ level: 'silent' }),
    signal: stopping.signal,
    pace: PACE,
    ...options,
  });
  let stopped: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping.abort();
    return (stopped ??= closed.then(() => access.close()));
  };
  onTestFinished(stop);
  return { url, stop };
}

function kubeconfigOf(server: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-kubeconfig-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const file = path.join(folder, 'config');
  const config = {
    'current-context': 'fake',
    clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'fake', user: { token: 'fake' } }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake', namespace: NAMESPACE } }],
  };
  writeFileSync(file, JSON.stringify(config));
  return file;
}
