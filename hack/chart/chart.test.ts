import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { findProgram } from '../../src/testing/find-program.ts';
import { leftOut } from '../../src/testing/left-out.ts';
import {
  chartFolder,
  goldenCases,
  goldenText,
  helm,
  readGolden,
  render,
  renderFile,
  valuesFile,
} from './helm.ts';
import { containersOf, podOf, probesOf, type Manifest } from './manifests.ts';

const found = findProgram('helm') !== null;
if (!found) leftOut('the renderings of the Helm chart: no helm on the PATH');

const objectsOf = (text: string): Manifest[] =>
  // Rendered by Helm from our own templates; fields are checked one by one below.
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest)
    .filter(Boolean);

const object = (objects: readonly Manifest[], kind: string, name = ''): Manifest => {
  const one = objects.find((each) => each.kind === kind && each.metadata.name.endsWith(name));
  if (one === undefined) throw new Error(`no ${kind} ${name}`);
  return one;
};

const rendered = (values: object): Manifest[] => {
  const { ok, text } = render(values);
  if (!ok) throw new Error(text);
  return objectsOf(text);
};

const OF_THE_CLUSTER = /^(CustomResourceDefinition|ClusterRole|ClusterRoleBinding)$/;

describe.runIf(found)('helm lint', () => {
  it('finds nothing, strictly', () => {
    expect(helm(['lint', '--strict', chartFolder])).toMatchObject({ ok: true });
  });
});

describe.runIf(found).each(found ? goldenCases() : [])('rendering of %s', (name) => {
  const { ok, text } = renderFile(valuesFile(name));
  const objects = ok ? objectsOf(text) : [];
  const pods = objects.filter((each) => podOf(each) !== null);

  it('is as in the golden file (make golden writes it anew)', () => {
    expect(goldenText(text)).toBe(readGolden(name));
  });

  it('has no two objects of one name, and names and labels of 63 characters at most', () => {
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, metadata } of objects) {
      expect(metadata.name.length).toBeLessThanOrEqual(kind === 'CronJob' ? 52 : 63);
      for (const value of Object.values(metadata.labels))
        expect(value.length).toBeLessThanOrEqual(63);
      expect(metadata.namespace).toBe(OF_THE_CLUSTER.test(kind) ? undefined : 'library');
    }
  });

  it('has pods that PodSecurity restricted takes, without a token but for the controller', () => {
    for (const each of pods) {
      const pod = podOf(each);
      const part = each.metadata.labels['app.kubernetes.io/component'];
      expect(pod).toMatchObject({
        automountServiceAccountToken: part === 'controller',
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const container of containersOf(each)) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('has requests, limits and a pinned image for each container', () => {
    for (const { image, resources } of pods.flatMap(containersOf)) {
      for (const amounts of [resources.requests, resources.limits]) {
        expect(Object.keys(amounts)).toEqual(expect.arrayContaining(['cpu', 'memory']));
      }
      expect(image).toMatch(/(:(?!latest)[\w.-]+|@sha256:[0-9a-f]{64})$/);
    }
  });

  it('has all probes where a container goes on running', () => {
    const serving = pods.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
    for (const container of serving.flatMap(containersOf)) {
      expect(probesOf(container)).toEqual(['livenessProbe', 'readinessProbe', 'startupProbe']);
    }
  });

  it('selects pods by labels that they have and that no upgrade changes', () => {
    for (const each of pods) {
      const selector = each.spec?.selector?.matchLabels;
      if (selector === undefined) continue;
      expect(each.spec?.template?.metadata?.labels).toMatchObject(selector);
      expect(Object.keys(selector).toSorted()).toEqual([
        'app.kubernetes.io/component',
        'app.kubernetes.io/instance',
        'app.kubernetes.io/name',
      ]);
    }
  });
});

describe.runIf(found)('zero values', () => {
  it('render as zero', () => {
    const objects = rendered({
      api: { replicas: 0, topologySpreadConstraints: [], preStopSeconds: 0 },
      trainer: { backoffLimit: 0, successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0 },
    });
    const api = object(objects, 'Deployment');
    expect(api.spec).toMatchObject({ replicas: 0 });
    expect(podOf(api)).not.toHaveProperty('topologySpreadConstraints');
    expect(containersOf(api)[0]).not.toHaveProperty('lifecycle');
    expect(object(objects, 'CronJob').spec).toMatchObject({
      successfulJobsHistoryLimit: 0,
      failedJobsHistoryLimit: 0,
      jobTemplate: { spec: { backoffLimit: 0 } },
    });
  });

  it.each([
    { name: 'one replica', values: { api: { replicas: 1 } }, want: 0 },
    { name: 'two replicas', values: { api: { replicas: 2 } }, want: 1 },
    { name: 'two replicas, switched off', values: { api: { pdb: { enabled: false } } }, want: 0 },
    {
      name: 'an autoscaler from one up',
      values: { api: { autoscaling: { enabled: true, minReplicas: 1 } } },
      want: 0,
    },
  ])('gives $want disruption budgets for $name', ({ values, want }) => {
    const kinds = rendered(values).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'PodDisruptionBudget')).toHaveLength(want);
  });

  it('leaves the number of replicas to the autoscaler', () => {
    const objects = rendered({ api: { autoscaling: { enabled: true } } });
    expect(object(objects, 'Deployment').spec).not.toHaveProperty('replicas');
  });
});

describe.runIf(found)('values that cannot work together', () => {
  it.each([
    {
      name: 'too little memory for the threads',
      values: { store: { threads: 2 } },
      want: 'store.maxMemory is 384Mi, but Dragonfly needs 256Mi for each of its 2 threads',
    },
    {
      name: 'a limit too near to the data',
      values: { store: { maxMemory: '500Mi' } },
      want: "the store's memory limit is 512Mi, but it has to be at least store.maxMemory / 0.8",
    },
    {
      name: 'no limit',
      values: { store: { resources: { requests: { cpu: 1 } } } },
      want: 'store.resources has no memory limit',
    },
    { name: 'no store at all', values: { store: { enabled: false } }, want: 'must name a store' },
    {
      name: 'two stores',
      values: { store: { external: { url: 'redis://x' } } },
      want: 'store.external.url is set while store.enabled is true',
    },
    {
      name: 'a password in the address',
      values: { store: { enabled: false, external: { url: 'redis://:secret@x' } } },
      want: 'store.external.url holds a password',
    },
    {
      name: 'TLS without a certificate and a password',
      values: { store: { tls: { enabled: true }, auth: { enabled: false } } },
      want: 'store.tls.enabled needs store.auth.enabled',
    },
    {
      name: 'an open admin port',
      values: { store: { extraArgs: ['--admin_nopass'] } },
      want: 'store.extraArgs has --admin_nopass',
    },
    {
      name: 'two sources of data',
      values: { trainer: { data: { existingClaim: 'a', existingConfigMap: 'b' } } },
      want: 'exclude each other',
    },
    {
      name: 'latest',
      values: { api: { image: { tag: 'latest' } } },
      want: 'api.image.tag is latest',
    },
    {
      name: 'an end before the requests have ended',
      values: { api: { terminationGracePeriodSeconds: 15 } },
      want: 'api.terminationGracePeriodSeconds must exceed',
    },
    {
      name: 'a name that does not exist',
      values: { api: { replica: 1 } },
      want: "'replica' not allowed",
    },
  ])('are refused: $name', ({ values, want }) => {
    const { ok, text } = render(values);
    expect(ok).toBe(false);
    expect(text).toContain(want);
  });

  it('are all named at once', () => {
    const { text } = render({ store: { threads: 2, external: { url: 'redis://x' } } });
    expect(text.match(/^- /gm)).toHaveLength(2);
  });
});

describe.runIf(found)('two releases', () => {
  it('share no name and no selector in one namespace', () => {
    const name = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
    const [one = [], two = []] = ['one', 'two'].map((release) =>
      objectsOf(render({}, { release }).text).map(name),
    );
    expect(one.length).toBeGreaterThan(5);
    // The resource, which the second release leaves to the first.
    const shared = ['CustomResourceDefinition/recommenderruns.bookrec.dev'];
    expect(one.filter((each) => two.includes(each))).toEqual(shared);
  });
});

describe.runIf(found)('golden files', () => {
  it('are there for every case and no others', () => {
    const golden = readdirSync(`${chartFolder}/ci`)
      .filter((file) => file.endsWith('.golden.yaml'))
      .map((file) => file.replace('.golden.yaml', ''));
    expect(golden.toSorted()).toEqual(goldenCases());
  });
});
