import { projectFolder } from '../../src/runtime/environment.ts';
import { chartFolder } from '../../hack/chart/helm.ts';
import { kubectl } from './kubectl.ts';
import { createNamespace } from './namespace.ts';
import { run } from './program.ts';

const CRD = 'crd/recommenderruns.bookrec.dev';

/** Values of a release with no pod: it brings the resource RecommenderRun and nothing else that works. */
const ONLY_CRD = {
  api: { replicas: 0, pdb: { enabled: false } },
  controller: { enabled: false },
  trainer: { enabled: false },
  store: { enabled: false, external: { url: 'redis://nowhere:6379/0' } },
};

/**
 * Installs the resource by a release of its own before the scenarios, whose releases then leave it
 * alone; at the end that release is uninstalled, which must keep the resource.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const before = await kubectl(['get', CRD, '--ignore-not-found', '-o', 'name']);
  if (before !== '') {
    const file = `${projectFolder}/charts/bookrec/files/recommenderruns.crd.yaml`;
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', file]);
    return async () => undefined;
  }
  const namespace = await createNamespace('crd');
  const place = ['crd', '-n', namespace];
  await run('helm', ['install', ...place, chartFolder, '-f', '-'], JSON.stringify(ONLY_CRD));
  await kubectl(['wait', '--for=condition=Established', CRD, '--timeout=60s']);
  return async () => {
    await run('helm', ['uninstall', ...place, '--wait']);
    // Fails where uninstalling took the resource, and with it everybody's runs.
    await kubectl(['delete', CRD, '--timeout=60s']);
    await kubectl(['delete', 'namespace', namespace, '--timeout=60s']);
  };
}
