import { randomBytes } from 'node:crypto';
import { environment } from '../../src/runtime/environment.ts';
import { apply, kubectl } from './kubectl.ts';

/** Label of every namespace of the tests: what is shown when one fails and deleted at the end. */
const LABEL = 'bookrec.dev/e2e';

/** Makes a namespace that enforces PodSecurity `restricted`; the name is new each time. */
export async function createNamespace(purpose: string): Promise<string> {
  const name = `e2e-${purpose}-${randomBytes(3).toString('hex')}`;
  const labels = { [LABEL]: 'true', 'pod-security.kubernetes.io/enforce': 'restricted' };
  await apply('default', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  return name;
}

/** Deletes namespaces and waits until they are gone; with E2E_KEEP they stay to be looked at. */
export async function deleteNamespaces(...names: readonly string[]): Promise<void> {
  if (environment()['E2E_KEEP'] === '1' || names.length === 0) return;
  await kubectl(['delete', 'namespace', ...names, '--ignore-not-found', '--timeout=120s']);
}
