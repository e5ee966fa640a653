import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { goldenCases, renderFile, valuesFile } from '../../hack/chart/helm.ts';
import { projectFolder } from '../../src/runtime/environment.ts';
import { apply, kubectl } from '../harness/kubectl.ts';
import { cleanUp, createNamespace } from '../harness/namespace.ts';

describe('what the chart renders', () => {
  let namespace: string;

  beforeAll(async () => {
    namespace = await createNamespace('dry');
    // The kinds of the Prometheus operator and the Gateway API; both leave what is there alone.
    const crds = `${projectFolder}/e2e/crds`;
    await kubectl(['apply', '--server-side', '-f', crds]);
    await kubectl(['wait', '--for=condition=Established', '-f', crds, '--timeout=60s']);
  });

  afterAll(({}, suite) => cleanUp(suite));

  it.each(goldenCases())('is accepted by the API server: %s', async (name) => {
    const { ok, text } = renderFile(valuesFile(name), { namespace });
    expect(ok).toBe(true);
    // A pod is refused, even for trial, without its account.
    const accounts = parseAllDocuments(text).filter((one) => one.get('kind') === 'ServiceAccount');
    await apply(namespace, ...accounts.map((one) => one.toJS() as object));
    const check = ['apply', '--dry-run=server', '--validate=strict', '-n', namespace, '-f', '-'];
    const answer = await kubectl(check, text);
    expect(answer).toContain('(server dry run)');
    expect(answer).not.toContain('Warning');
  });
});
