import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunSpec } from '../contracts/recommender-run.ts';
import { SETTINGS } from '../contracts/settings.ts';
import { runObject } from '../testing/run-objects.ts';
import { cronJobObjectSchema } from './objects.ts';
import { buildJob, jobNameOf } from './train-job.ts';

const cronJob = cronJobObjectSchema.parse({
  metadata: { name: 'books-trainer', namespace: 'books' },
  spec: {
    jobTemplate: {
      metadata: { labels: { app: 'bookrec' } },
      spec: {
        backoffLimit: 1,
        ttlSecondsAfterFinished: 60,
        podFailurePolicy: { rules: [] },
        template: {
          metadata: { labels: { app: 'bookrec' }, annotations: { note: 'kept' } },
          spec: {
            serviceAccountName: 'books',
            initContainers: [
              {
                name: 'fetch',
                image: 'batch:1',
                args: ['fetch', 'old'],
                env: [{ name: 'DATA_DIR', value: '/x' }],
              },
            ],
            containers: [
              { name: 'sidecar', image: 'other:1' },
              {
                name: 'trainer',
                image: 'batch:1',
                args: ['train'],
                env: [
                  { name: 'RANK', value: '4' },
                  { name: 'STORE_PASSWORD', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
                ],
                resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '2Gi' } },
                volumeMounts: [
                  { name: 'tmp', mountPath: '/tmp' },
                  { name: 'data', mountPath: '/data', readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: 'tmp', emptyDir: {} },
              { name: 'data', emptyDir: { sizeLimit: '1Gi' } },
            ],
          },
        },
      },
    },
  },
});

function built(spec: RunSpec) {
  const run = runObject('retrain', { spec });
  return buildJob({ ...run, spec }, cronJob);
}
const podOf = (spec: RunSpec) => built(spec).spec.template.spec;
const trainerOf = (spec: RunSpec) => podOf(spec).containers[1];

describe('the Job of a run', () => {
  it('is the CronJob’s, owned by the run, with the name of its record', () => {
    const job = built({});
    expect(job.metadata).toMatchObject({
      namespace: 'books',
      labels: {
        app: 'bookrec',
        'bookrec.dev/run': 'retrain',
        'bookrec.dev/cron-job': 'books-trainer',
      },
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        { kind: 'RecommenderRun', name: 'retrain', uid: 'uid-retrain', controller: true },
      ],
    });
    expect(JSON.parse(JSON.stringify(job.spec))).toMatchObject({
      backoffLimit: 1,
      podFailurePolicy: { rules: [] },
      template: {
        metadata: {
          labels: { app: 'bookrec', 'bookrec.dev/run': 'retrain' },
          annotations: { note: 'kept' },
        },
        spec: { serviceAccountName: 'books' },
      },
    });
    expect(JSON.stringify(job.spec)).not.toContain('ttlSecondsAfterFinished');
    expect(podOf({}).containers[0]).toEqual({ name: 'sidecar', image: 'other:1' });
    expect(trainerOf({})?.env).toContainEqual({ name: 'RUN_ID', value: job.metadata.name });
  });

  it('has the run’s settings as variables, each once, under names that the trainer knows', () => {
    const spec: RunSpec = {
      model: { rank: 12, sweeps: 80, seed: 0, policy: 'cautious' },
      warmStart: '20260105t060104211z',
      publish: 'always',
      margin: '0.002',
      backend: 'cpu',
    };
    const env = trainerOf(spec)?.env ?? [];
    expect(Object.fromEntries(env.map(({ name, value }) => [name, value]))).toMatchObject({
      RANK: '12',
      SWEEPS: '80',
      SEED: '0',
      POLICY: 'cautious',
      WARM_START: '20260105t060104211z',
      PUBLISH: 'always',
      MARGIN: '0.002',
      BACKEND: 'cpu',
    });
    const names = env.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const known = SETTINGS.map(({ env: name }) => name);
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    expect(env).toContainEqual(expect.objectContaining({ name: 'STORE_PASSWORD' }));
  });

  it('takes limits of the run, and its resources over those of the CronJob', () => {
    const spec: RunSpec = {
      activeDeadlineSeconds: 60,
      backoffLimit: 0,
      resources: { limits: { memory: '4Gi', 'nvidia.com/gpu': 1 } },
    };
    expect(built(spec).spec).toMatchObject({ activeDeadlineSeconds: 60, backoffLimit: 0 });
    expect(trainerOf(spec)?.resources).toEqual({
      requests: { cpu: '1', memory: '1Gi' },
      limits: { memory: '4Gi', 'nvidia.com/gpu': 1 },
    });
  });

  it.each([
    {
      name: 'a claim',
      data: { claimName: 'mine' },
      want: { persistentVolumeClaim: { claimName: 'mine', readOnly: true } },
    },
    { name: 'a ConfigMap', data: { configMapName: 'mine' }, want: { configMap: { name: 'mine' } } },
  ])('reads data from $name instead of downloading', ({ data, want }) => {
    const pod = podOf({ data });
    expect(pod.initContainers).toEqual([]);
    expect(pod.volumes).toEqual([
      { name: 'tmp', emptyDir: {} },
      { name: 'data', ...want },
    ]);
    expect(trainerOf({ data })?.env).toContainEqual({ name: 'DATA_DIR', value: '/data' });
    expect(trainerOf({ data })?.volumeMounts).toEqual([
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'data', mountPath: '/data', readOnly: true },
    ]);
  });

  it('downloads other files with the CronJob’s own fetcher, or one like its trainer', () => {
    const data = { files: [{ url: 'https://x.example/a.csv', sha256: 'f'.repeat(64) }] };
    const want = {
      name: 'fetch',
      image: 'batch:1',
      args: ['fetch', `https://x.example/a.csv#sha256=${'f'.repeat(64)}`],
      env: [{ name: 'DATA_DIR', value: '/data' }],
      volumeMounts: [{ name: 'data', mountPath: '/data', readOnly: false }],
    };
    expect(podOf({ data }).initContainers).toEqual([want]);
    const bare = structuredClone(cronJob);
    delete bare.spec.jobTemplate.spec.template.spec.initContainers;
    const run = runObject('retrain', { spec: { data } });
    const job = buildJob({ ...run, spec: { data } }, bare);
    expect(job.spec.template.spec.initContainers).toMatchObject([want]);
  });
});

describe('the name of a Job', () => {
  it('is valid, short enough, and another for each run (property)', () => {
    const name = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/);
    fc.assert(
      fc.property(name, fc.uuid(), fc.uuid(), (run, uid, other) => {
        const job = jobNameOf({ name: run, uid });
        expect(job).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
        expect(job.length).toBeLessThanOrEqual(63);
        expect(jobNameOf({ name: run, uid })).toBe(job);
        if (uid !== other) expect(jobNameOf({ name: run, uid: other })).not.toBe(job);
      }),
    );
  });
});
