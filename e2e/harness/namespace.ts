import { randomBytes } from 'node:crypto';
import type { RunnerTestSuite } from 'vitest';
import { environment } from '../../src/runtime/environment.ts';
import { imageTag } from './images.ts';
import { apply, kubectl } from './kubectl.ts';
import { run } from './program.ts';

// Each file of scenarios has a process, and so these, of its own.
const created: string[] = [];
const ends: Array<() => void> = [];

/**
 * Makes a namespace that enforces PodSecurity `restricted`; the name is new each time. By its
 * labels e2e/run.sh finds what it has to show when a scenario fails and to delete at the end.
 */
export async function createNamespace(purpose: string): Promise<string> {
  const name = `e2e-${purpose}-${randomBytes(3).toString('hex')}`;
  const labels = {
    'bookrec.dev/e2e': imageTag(),
    'pod-security.kubernetes.io/enforce': 'restricted',
  };
  await apply('default', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  created.push(name);
  return name;
}

/** Notes what is to be done when the suite has ended, however far it came. */
export const atEnd = (end: () => void): void => void ends.push(end);

/**
 * Has the namespaces deleted that the suite's file made, which makes room for the next; first shows what
 * explains a failure. With E2E_KEEP they stay to be looked at. Nobody needs to wait for it but e2e/run.sh at the end.
 */
export async function cleanUp(suite: RunnerTestSuite): Promise<void> {
  for (const end of ends.splice(0)) end();
  const names = created.splice(0);
  if (names.length === 0) return;
  if (failed(suite)) process.stdout.write(await run('bash', ['e2e/diagnose.sh', ...names]));
  if (environment()['E2E_KEEP'] === '1') return;
  await kubectl(['delete', 'namespace', ...names, '--ignore-not-found', '--wait=false']);
}

function failed(task: RunnerTestSuite | RunnerTestSuite['tasks'][number]): boolean {
  if (task.result?.state === 'fail') return true;
  return task.type === 'suite' && task.tasks.some(failed);
}
