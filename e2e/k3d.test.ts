import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Behaviour, StubbedProject } from '../src/testing/stubbed-project.ts';
import { PROGRAMS, stubbedRun, withoutNames } from './stubbed-run.ts';

const STORE = 'docker.dragonflydb.io/dragonflydb/dragonfly:v1';
const IMAGES = ['bookrec-api:TAG', 'bookrec-batch:TAG', 'bookrec-controller:TAG', STORE];
const VITEST = 'node node_modules/vitest/vitest.mjs run --config e2e/vitest.config.ts';
const DELETE = 'k3d cluster delete CLUSTER';

let project: StubbedProject;
afterEach(() => {
  project.remove();
});

const starting = (start: string): string[] =>
  withoutNames(project.calls()).filter((call) => call.startsWith(start));

const nothingIsLeft = (): void => {
  expect(readdirSync(project.at('../tmp'))).toEqual([]);
};

describe('make e2e without a cluster', () => {
  it('builds, creates a cluster, brings the images in, runs the scenarios and deletes the cluster', async () => {
    project = stubbedRun();
    const { code, output } = await project.run('e2e/run.sh', ['install', 'store']);
    expect(output).not.toContain('could not');
    expect(code).toBe(0);
    const calls = withoutNames(project.calls());
    expect(calls.map((call) => call.replace(/^(docker build|k3d cluster create).*/, '$1'))).toEqual(
      [
        'docker info',
        'k3d version',
        'docker build',
        'docker build',
        'docker build',
        'helm template e2e charts/bookrec',
        `docker pull --quiet ${STORE}`,
        'k3d cluster create',
        'k3d kubeconfig get CLUSTER',
        'kubectl --namespace kube-system get node/k3d-CLUSTER-server-0',
        'kubectl wait --for=condition=Ready nodes --all --timeout=120s',
        ...['coredns', 'local-path-provisioner'].flatMap((name) => [
          `kubectl --namespace kube-system get deployment/${name}`,
          `kubectl --namespace kube-system rollout status deployment/${name} --timeout=120s`,
        ]),
        `k3d image import --mode direct --cluster CLUSTER ${IMAGES.join(' ')}`,
        ...IMAGES.map(
          (image) => `docker exec k3d-CLUSTER-server-0 crictl inspecti --quiet ${image}`,
        ),
        `${VITEST} install store`,
        DELETE,
      ],
    );
    nothingIsLeft();
  });

  it('builds each image under the tag of this run, from the given base', async () => {
    project = stubbedRun();
    await project.run('e2e/run.sh', [], {
      BASE_IMAGE: 'mirror/node:24',
      IMAGE_PREFIX: 'registry/',
    });
    const built = starting('docker build');
    expect(built).toHaveLength(3);
    for (const [index, target] of ['api', 'batch', 'controller'].entries()) {
      expect(built[index]).toContain(`--target ${target} --tag bookrec-${target}:TAG `);
      expect(built[index]).toContain('--build-arg BASE_IMAGE=mirror/node:24 ');
    }
  });

  it('creates a small cluster of a pinned version, with what E2E_K3D_ARGS adds', async () => {
    project = stubbedRun();
    await project.run('e2e/run.sh', [], { E2E_K3D_ARGS: '--registry-config mirrors.yaml' });
    const [create = ''] = starting('k3d cluster create CLUSTER');
    expect(create).toMatch(/ --image docker\.io\/rancher\/k3s:v1\.3[45]\.\d+-k3s\d+ /);
    for (const part of [
      '--servers 1 --agents 0 --no-lb',
      '--kubeconfig-update-default=false --kubeconfig-switch-context=false',
      '--k3s-arg --disable=traefik@server:*',
      '--k3s-arg --disable=servicelb@server:*',
      '--wait --timeout 180s',
    ]) {
      expect(create).toContain(part);
    }
    expect(create).toMatch(/ --registry-config mirrors\.yaml$/);
  });

  it('gives the scenarios the cluster and the tag of the images, and keeps to a kubeconfig of its own', async () => {
    project = stubbedRun({
      'node *': 'echo "$E2E_KUBECONFIG $KUBECONFIG $E2E_IMAGE_TAG $(cat "$KUBECONFIG")"',
    });
    const { output } = await project.run('e2e/run.sh', [], { KUBECONFIG: '/of/the/user' });
    const [, given, used, tag, content] = /^(\S+) (\S+) (e2e-\S+) (.*)$/m.exec(output) ?? [];
    expect(given).toBe(used);
    expect(given).toMatch(/\/tmp\/.*\/kubeconfig$/);
    expect(content).toBe('apiVersion: v1');
    expect(tag).toMatch(/^e2e-[0-9a-z]+-[0-9a-f]{8}$/);
  });

  it('takes other names each time, none too long', async () => {
    project = stubbedRun();
    await project.run('e2e/run.sh');
    await project.run('e2e/run.sh');
    const names = project
      .calls()
      .flatMap((call) => /^k3d cluster create (\S+)/.exec(call)?.[1] ?? []);
    const tags = project.calls().flatMap((call) => /--tag bookrec-api:(\S+)/.exec(call)?.[1] ?? []);
    for (const values of [names, tags]) expect(new Set(values).size).toBe(2);
    // k3d takes 32 characters at most.
    expect(Math.max(...names.map((name) => name.length))).toBeLessThan(32);
  });

  it('shows the figures that the scenarios measured', async () => {
    project = stubbedRun({ 'node *': 'echo "install to Ready: 41 s" >var/e2e-figures.txt' });
    expect((await project.run('e2e/run.sh')).output).toContain('e2e: install to Ready: 41 s\n');
  });
});

describe('what is missing', () => {
  it.each([
    { program: 'docker', advice: 'docs.docker.com' },
    { program: 'k3d', advice: 'k3d.io' },
    { program: 'kubectl', advice: 'kubernetes.io' },
    { program: 'helm', advice: 'helm.sh' },
  ])('without $program it says how to get it and does nothing', async ({ program, advice }) => {
    project = stubbedRun(
      {},
      PROGRAMS.filter((name) => name !== program),
    );
    const { code, output } = await project.run('e2e/run.sh');
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^e2e: ${program} is missing: .*${advice}.*\n$`));
    expect(project.calls()).toEqual([]);
    nothingIsLeft();
  });

  it('says all that is missing at once', async () => {
    project = stubbedRun({}, []);
    const { output } = await project.run('e2e/run.sh');
    expect(output.match(/is missing/g)).toHaveLength(4);
  });

  it.each([
    { call: 'docker info', does: 'exit 1', says: 'docker does not answer' },
    { call: 'k3d version', does: 'echo "k3d version v4.4.8"', says: 'k3d is not of version 5' },
  ])('$says', async ({ call, does, says }) => {
    project = stubbedRun({ [call]: does });
    const { code, output } = await project.run('e2e/run.sh');
    expect({ code, built: starting('docker build') }).toEqual({ code: 1, built: [] });
    expect(output).toContain(says);
  });
});

describe('when a step fails', () => {
  const NOT_IN_NODE: Behaviour = { 'docker exec * crictl *': 'exit 1' };

  it.each<{ step: string; behaviour: Behaviour; says: string; deleted: number }>([
    {
      step: 'build',
      behaviour: { 'docker build *': 'exit 1' },
      says: 'could not be built',
      deleted: 0,
    },
    {
      step: 'chart',
      behaviour: { 'helm template *': 'true' },
      says: 'no image of Dragonfly',
      deleted: 0,
    },
    {
      step: 'pull',
      behaviour: { 'docker pull *': 'exit 1' },
      says: 'could not be pulled',
      deleted: 0,
    },
    {
      step: 'create',
      behaviour: { 'k3d cluster create *': 'exit 1' },
      says: 'not be created',
      deleted: 2,
    },
    {
      step: 'kubeconfig',
      behaviour: { 'k3d kubeconfig *': 'exit 1' },
      says: 'not be created',
      deleted: 2,
    },
    { step: 'node', behaviour: { 'kubectl * node/*': 'exit 1' }, says: 'no node/k3d-', deleted: 2 },
    {
      step: 'ready',
      behaviour: { 'kubectl wait *': 'exit 1' },
      says: 'not be created',
      deleted: 2,
    },
    {
      step: 'dns',
      behaviour: { 'kubectl *rollout*coredns*': 'exit 1' },
      says: 'not be created',
      deleted: 2,
    },
    {
      step: 'volumes',
      behaviour: { 'kubectl *rollout*local*': 'exit 1' },
      says: 'not be created',
      deleted: 2,
    },
    {
      step: 'load',
      behaviour: NOT_IN_NODE,
      says: 'bookrec-api:TAG did not arrive in the node',
      deleted: 1,
    },
    {
      step: 'ctr',
      behaviour: { ...NOT_IN_NODE, 'docker exec * ctr *': 'exit 1' },
      says: 'could not be brought into CLUSTER',
      deleted: 1,
    },
  ])('$step: fails, runs no scenario, leaves no cluster', async ({ behaviour, says, deleted }) => {
    project = stubbedRun(behaviour);
    const { code, output } = await project.run('e2e/run.sh');
    expect(code).toBe(1);
    expect(withoutNames([output])[0]).toContain(says);
    expect(starting('node ')).toEqual([]);
    expect(starting('k3d cluster delete')).toEqual(Array(deleted).fill(DELETE));
    expect(withoutNames(project.calls()).at(-1) === DELETE).toBe(deleted > 0);
    nothingIsLeft();
  });

  it('a failed scenario: explains it while the cluster is there, and fails with the same status', async () => {
    project = stubbedRun({ 'node *': 'exit 3' });
    expect((await project.run('e2e/run.sh')).code).toBe(3);
    const calls = withoutNames(project.calls());
    const explained = calls.findIndex((call) => call.includes('--selector bookrec.dev/e2e=TAG'));
    expect(explained).toBeGreaterThan(calls.indexOf(VITEST));
    expect(explained).toBeLessThan(calls.indexOf(DELETE));
  });

  it('a cluster that cannot be deleted: fails and says how to delete it', async () => {
    project = stubbedRun({ 'k3d cluster delete *': 'exit 1' });
    const { code, output } = await project.run('e2e/run.sh');
    expect(code).toBe(1);
    expect(withoutNames([output])[0]).toContain(`delete it by: ${DELETE}`);
  });

  it('creates the cluster anew once', async () => {
    project = stubbedRun({ 'k3d cluster create *': '(( $(times "k3d cluster create") > 1 ))' });
    expect((await project.run('e2e/run.sh')).code).toBe(0);
    const clusters = starting('k3d cluster').map((call) => call.split(' ')[2]);
    expect(clusters).toEqual(['create', 'delete', 'create', 'delete']);
  });

  it('notices an image that did not arrive though the import succeeded, and brings it in by ctr', async () => {
    project = stubbedRun({
      'docker exec * crictl * bookrec-batch:*': '(( $(times "images import -") > 0 ))',
    });
    expect((await project.run('e2e/run.sh')).code).toBe(0);
    // Both ends of a pipe start at the same time.
    expect([...starting('docker save'), ...starting('docker exec -i')]).toEqual([
      'docker save bookrec-batch:TAG',
      'docker exec -i k3d-CLUSTER-server-0 ctr -n k8s.io images import -',
    ]);
  });

  it('goes on by ctr when the import fails', async () => {
    project = stubbedRun({
      'k3d image import *': 'exit 1',
      'docker exec * crictl *': '(( $(times "images import -") > 0 ))',
    });
    expect((await project.run('e2e/run.sh')).code).toBe(0);
    expect(starting('docker save')).toEqual(['docker save bookrec-api:TAG']);
  });
});

describe('when it is interrupted', () => {
  const BLOCK = 'exec tail -f /dev/null';

  /** Waits for a call, then sends the signal to all processes, as a terminal does, or to the script alone. */
  async function interrupted(
    call: string,
    signal: 'SIGINT' | 'SIGTERM',
    all: boolean,
  ): Promise<number | null> {
    const { process: script, ended } = project.start('e2e/run.sh');
    await vi.waitFor(() => {
      expect(starting(call)).toHaveLength(1);
    }, 10_000);
    if (script.pid === undefined) throw new Error('the script did not start');
    process.kill(all ? -script.pid : script.pid, signal);
    return (await ended).code;
  }

  it.each([
    { signal: 'SIGINT', all: true, code: 130 },
    { signal: 'SIGINT', all: false, code: 130 },
    { signal: 'SIGTERM', all: false, code: 143 },
  ] as const)(
    'by $signal in a scenario (all: $all): deletes the cluster',
    async ({ signal, all, code }) => {
      project = stubbedRun({ 'node *': BLOCK });
      expect(await interrupted('node ', signal, all)).toBe(code);
      expect(starting('k3d cluster delete')).toEqual([DELETE]);
      expect(starting('kubectl get')).toEqual([]);
      nothingIsLeft();
    },
  );

  it('by Ctrl-C while the cluster is created: deletes it and does not try again', async () => {
    project = stubbedRun({ 'k3d cluster create *': BLOCK });
    expect(await interrupted('k3d cluster create', 'SIGINT', true)).toBe(130);
    expect(starting('k3d cluster').map((call) => call.split(' ')[2])).toEqual(['create', 'delete']);
    nothingIsLeft();
  });
});

describe('E2E_KEEP=1', () => {
  it('leaves the cluster, and says how to use and how to delete it', async () => {
    project = stubbedRun();
    const { code, output } = await project.run('e2e/run.sh', [], { E2E_KEEP: '1' });
    expect(code).toBe(0);
    expect(starting('k3d cluster delete')).toEqual([]);
    const [, kubeconfig = ''] =
      /E2E_KUBECONFIG=(\S+) E2E_IMAGE_TAG=e2e-\S+ make e2e/.exec(output) ?? [];
    expect(readFileSync(kubeconfig, 'utf8')).toBe('apiVersion: v1\n');
    expect(withoutNames([output])[0]).toContain(DELETE);
  });

  it('says nothing of it before there is anything to keep', async () => {
    project = stubbedRun({ 'docker build *': 'exit 1' });
    const { output } = await project.run('e2e/run.sh', [], { E2E_KEEP: '1' });
    expect(output).not.toContain('kept');
    expect(existsSync(project.at('var'))).toBe(false);
  });
});
