import { writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Behaviour, StubbedProject } from '../src/testing/stubbed-project.ts';
import { stubbedRun, verbs, withoutNames } from './stubbed-run.ts';

const GIVEN = {
  E2E_KUBECONFIG: 'given.yaml',
  E2E_BUILD: 'builder --fast',
  E2E_LOAD: 'loader --quiet',
};
const DELETE = 'kubectl delete namespace --selector bookrec.dev/e2e=TAG --timeout=180s';

let project: StubbedProject;
afterEach(() => {
  project.remove();
});

/** Neither Docker nor k3d is there. */
function given(behaviour: Behaviour = {}): void {
  project = stubbedRun(behaviour, ['kubectl', 'helm', 'builder', 'loader']);
  writeFileSync(project.at('given.yaml'), 'kind: Config\n');
}

describe('make e2e on a given cluster', () => {
  it('builds and loads by the given commands, runs the scenarios and deletes their namespaces', async () => {
    given({ 'node *': 'echo "$KUBECONFIG,$E2E_KUBECONFIG" >paths' });
    const { code } = await project.run('e2e/run.sh', ['upgrade'], {
      ...GIVEN,
      BASE_IMAGE: 'base:1',
    });
    expect(code).toBe(0);
    const calls = withoutNames(project.calls());
    expect(verbs(calls)).toEqual([
      'kubectl get --raw',
      'builder --fast --file',
      'builder --fast --file',
      'builder --fast --file',
      'loader --quiet bookrec-api:TAG',
      'node node_modules/vitest/vitest.mjs run',
      'kubectl delete namespace',
    ]);
    expect(calls[1]).toMatch(
      / --target api --tag bookrec-api:TAG .*--build-arg BASE_IMAGE=base:1 \.$/,
    );
    expect(calls[4]).toBe(
      'loader --quiet bookrec-api:TAG bookrec-batch:TAG bookrec-controller:TAG',
    );
    expect(calls[5]).toMatch(/ upgrade$/);
    expect(calls[6]).toBe(DELETE);
  });

  it('gives the scenarios the absolute path of its kubeconfig', async () => {
    given({ 'node *': 'echo "$KUBECONFIG,$E2E_KUBECONFIG"' });
    const { output } = await project.run('e2e/run.sh', [], GIVEN);
    expect(output).toContain(`${project.at('given.yaml')},${project.at('given.yaml')}\n`);
  });

  it('builds nothing where E2E_IMAGE_TAG names images that the cluster has', async () => {
    given({ 'node *': 'echo "tag=$E2E_IMAGE_TAG"' });
    const settings = { E2E_KUBECONFIG: 'given.yaml', E2E_IMAGE_TAG: 'e2e-mine' };
    const { output } = await project.run('e2e/run.sh', [], settings);
    expect(output).toContain('tag=e2e-mine\n');
    expect(verbs(project.calls())).toEqual([
      'kubectl get --raw',
      'node node_modules/vitest/vitest.mjs run',
      'kubectl delete namespace',
    ]);
  });

  it('explains a failed scenario before it deletes the namespaces, and fails with the same status', async () => {
    given({ 'node *': 'exit 4' });
    expect((await project.run('e2e/run.sh', [], GIVEN)).code).toBe(4);
    const calls = withoutNames(project.calls());
    const explained = calls.findIndex((call) =>
      / get namespaces --selector bookrec.dev\/e2e=TAG /.test(call),
    );
    expect(explained).toBeGreaterThan(calls.findIndex((call) => call.startsWith('node ')));
    expect(calls.at(-1)).toBe(DELETE);
  });

  it('leaves the namespaces with E2E_KEEP=1', async () => {
    given();
    const { output } = await project.run('e2e/run.sh', [], { ...GIVEN, E2E_KEEP: '1' });
    expect(project.calls()).not.toContain(DELETE);
    expect(output).toContain(`E2E_KUBECONFIG=${project.at('given.yaml')} `);
  });

  it.each<{ what: string; behaviour?: Behaviour; settings?: object; says: string }>([
    { what: 'no such file', settings: { E2E_KUBECONFIG: 'none.yaml' }, says: 'no readable file /' },
    { what: 'no E2E_LOAD', settings: { E2E_LOAD: '' }, says: 'E2E_LOAD is not set' },
    {
      what: 'a silent cluster',
      behaviour: { 'kubectl get --raw *': 'exit 1' },
      says: 'does not answer',
    },
    { what: 'a failed build', behaviour: { 'builder *': 'exit 9' }, says: 'could not be built' },
    { what: 'a failed load', behaviour: { 'loader *': 'exit 9' }, says: 'by: loader --quiet' },
  ])('fails on $what, before any scenario', async ({ behaviour, settings, says }) => {
    given(behaviour);
    const { code, output } = await project.run('e2e/run.sh', [], { ...GIVEN, ...settings });
    expect(code).toBe(1);
    expect(output).toContain(says);
    expect(project.calls().filter((call) => /^(node|kubectl delete) /.test(call))).toEqual([]);
  });

  it('fails when the namespaces of the tests cannot be deleted', async () => {
    given({ 'kubectl delete *': 'exit 1' });
    const { code, output } = await project.run('e2e/run.sh', [], GIVEN);
    expect(code).toBe(1);
    expect(output).toContain('not all namespaces');
  });
});

describe('e2e/diagnose.sh', () => {
  it('shows, of each namespace of the tests, objects, events, pods and logs, each cut to 100 lines', async () => {
    given({
      'kubectl * get namespaces *': 'echo "e2e-one e2e-two"',
      'kubectl * get pods --namespace *jsonpath*': 'echo "api-1"',
      'kubectl * get pod --namespace *jsonpath*': 'echo "fetch server"',
      'kubectl * logs *--container fetch*--previous':
        'echo "previous terminated container not found"; exit 1',
      'kubectl *': 'seq -f "line-%g of $call" 2000',
    });
    const { output } = await project.run('e2e/diagnose.sh', [], { E2E_IMAGE_TAG: 'tag' });
    const parts = output
      .split('\n--- ')
      .slice(1)
      .map((part) => part.trimEnd().split('\n'));
    const titles = parts.map(([title]) => title);
    expect(titles).toEqual([
      'nodes',
      'pods of all namespaces',
      ...['e2e-one', 'e2e-two'].flatMap((namespace) => [
        `objects ${namespace}`,
        `events ${namespace}`,
        `pod ${namespace}/api-1`,
        `logs ${namespace}/api-1 fetch `,
        `logs ${namespace}/api-1 server --previous`,
        `logs ${namespace}/api-1 server `,
      ]),
    ]);
    for (const lines of parts.slice(1)) expect(lines).toHaveLength(101);
    for (const lines of parts.filter(([title = '']) => /^(logs|events)/.test(title))) {
      expect(lines.at(-1)).toContain('line-2000 of kubectl');
    }
  });
});
