import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environment } from '../../../src/runtime/environment.ts';
import { leftOut } from '../../../src/testing/left-out.ts';
import { eventually } from '../../harness/eventually.ts';
import { apply, kubectl } from '../../harness/kubectl.ts';
import { merge } from '../../harness/merge.ts';
import { cleanUp, createNamespace } from '../../harness/namespace.ts';
import { run } from '../../harness/program.ts';
import { Release } from '../../harness/release.ts';
import {
  applyRun,
  completesOnce,
  conditionOf,
  getRun,
  modestValues,
  slowly,
  trains,
} from '../../harness/runs.ts';
import { largerDataMap, smallDataMap, smallTrainer } from '../../harness/small-data.ts';

const restart = environment()['E2E_RESTART'];
if (restart === undefined) leftOut('restart of the API server: E2E_RESTART is not set');

describe.runIf(restart !== undefined)('a restart of the API server', () => {
  let release: Release;
  let namespace: string;

  beforeAll(async () => {
    namespace = await createNamespace('api-server');
    await apply(namespace, smallDataMap(), largerDataMap());
    release = await Release.install(namespace, merge(smallTrainer(), modestValues));
  });

  afterAll(({}, suite) => cleanUp(suite));

  it('ends no run and starts none twice, and the controller goes on without one of its own', async () => {
    const [before] = await release.readyPods('controller', 1);
    await applyRun(namespace, 'running', { ...slowly(1), publish: 'never' });
    await applyRun(namespace, 'waiting', { model: { seed: 2 }, publish: 'never' });
    await trains(namespace, 'running');
    await run('bash', ['-c', restart ?? '']);
    await eventually(() => kubectl(['get', '--raw', '/readyz']));
    expect(conditionOf(await getRun(namespace, 'running'), 'Complete')?.status).toBe('False');
    await applyRun(namespace, 'later', { model: { seed: 3 }, publish: 'never' });
    for (const name of ['running', 'waiting', 'later']) {
      const ended = await completesOnce(namespace, name);
      expect(conditionOf(ended, 'Trained')?.status).toBe('True');
    }
    const [after] = await release.readyPods('controller', 1);
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    expect(after?.status.containerStatuses[0]?.restartCount).toBe(0);
    // Kubernetes itself takes a minute to find its feet again.
  }, 300_000);
});
