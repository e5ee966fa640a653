import { hash } from 'node:crypto';
import { API_VERSION, KIND, type RunSpec } from '../contracts/recommender-run.ts';
import { type SettingKey, SETTINGS } from '../contracts/settings.ts';
import {
  type Container,
  type CronJobObject,
  CRON_JOB_LABEL,
  RUN_LABEL,
  type RunObject,
} from './objects.ts';

/** Names of Jobs end up in labels of their pods. */
const LONGEST_NAME = 63;
const HASH_LENGTH = 8;

/** The container of the CronJob's template that trains; without one of this name, the first. */
export const TRAINER = 'trainer';
const FETCHER = 'fetch';
const DATA_VOLUME = 'data';
const DATA_FOLDER = '/data';

/**
 * The name of a run's Job. It holds a hash of the run's uid, so that a run that is deleted and applied again does
 * not meet the Job and the record of the one before.
 */
export function jobNameOf({ name, uid }: { name: string; uid: string }): string {
  const room = LONGEST_NAME - HASH_LENGTH - 1;
  const stem = name.replaceAll('.', '-').slice(0, room).replace(/-+$/, '');
  return `${stem}-${hash('sha256', uid, 'hex').slice(0, HASH_LENGTH)}`;
}

type PodSpec = CronJobObject['spec']['jobTemplate']['spec']['template']['spec'];

/** The Job of a run: the CronJob's template with what the run's spec changes. */
export function buildJob(
  { metadata, spec }: RunObject & { spec: RunSpec },
  cronJob: CronJobObject,
) {
  const { metadata: meta, spec: template } = cronJob.spec.jobTemplate;
  const name = jobNameOf(metadata);
  const podLabels = { ...template.template.metadata?.labels, [RUN_LABEL]: metadata.name };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace: metadata.namespace,
      labels: {
        ...meta.labels,
        [RUN_LABEL]: metadata.name,
        [CRON_JOB_LABEL]: cronJob.metadata.name,
      },
      annotations: { ...meta.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
      ownerReferences: [
        {
          apiVersion: API_VERSION,
          kind: KIND,
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      ...template,
      // The Job stays for its run, which has a time of its own.
      ttlSecondsAfterFinished: undefined,
      ...(spec.activeDeadlineSeconds !== undefined && {
        activeDeadlineSeconds: spec.activeDeadlineSeconds,
      }),
      ...(spec.backoffLimit !== undefined && { backoffLimit: spec.backoffLimit }),
      template: {
        ...template.template,
        metadata: { ...template.template.metadata, labels: podLabels },
        spec: podSpec(template.template.spec, name, spec),
      },
    },
  };
}

function podSpec(template: PodSpec, runId: string, spec: RunSpec): PodSpec {
  const trainer =
    template.containers.find(({ name }) => name === TRAINER) ?? template.containers[0];
  const withRun = {
    ...template,
    containers: template.containers.map((container) =>
      container === trainer ? trainerOf(container, runId, spec) : container,
    ),
  };
  return spec.data === undefined ? withRun : withData(withRun, spec.data, trainer);
}

/** The trainer with the run's settings as variables, which win over the settings file. */
function trainerOf(container: Container, runId: string, spec: RunSpec): Container {
  const { rank, sweeps, seed, policy } = spec.model ?? {};
  const { warmStart, publish, margin, backend } = spec;
  const settings = { rank, sweeps, seed, policy, warmStart, publish, margin, backend };
  return {
    ...container,
    ...withVariables(container, { runId, ...settings }),
    ...(spec.resources && {
      resources: {
        ...container.resources,
        requests: { ...container.resources?.requests, ...spec.resources.requests },
        limits: { ...container.resources?.limits, ...spec.resources.limits },
      },
    }),
  };
}

function withVariables(
  { env = [] }: Container,
  settings: Partial<Record<SettingKey, string | number | undefined>>,
): Pick<Container, 'env'> {
  const given = SETTINGS.flatMap(({ key, env: name }) => {
    const value = settings[key];
    return value === undefined ? [] : [{ name, value: String(value) }];
  });
  const names = new Set(given.map(({ name }) => name));
  return { env: [...env.filter(({ name }) => !names.has(name)), ...given] };
}

/** The pod with another source of data, mounted where the chart mounts its own. */
function withData(
  pod: PodSpec,
  { claimName, configMapName, files }: NonNullable<RunSpec['data']>,
  template: Container | undefined,
): PodSpec {
  const fetcher = pod.initContainers?.find(({ name }) => name === FETCHER);
  const others = (pod.initContainers ?? []).filter((container) => container !== fetcher);
  const sources = (files ?? []).map(({ url, sha256 }) => `${url}#sha256=${sha256}`);
  return {
    ...pod,
    initContainers: [
      ...others,
      ...(files === undefined || template === undefined
        ? []
        : [fetcherOf(fetcher ?? newFetcher(template), sources)]),
    ],
    containers: pod.containers.map((container) =>
      container.name === template?.name ? mounted(container, true) : container,
    ),
    volumes: [
      ...(pod.volumes ?? []).filter(({ name }) => name !== DATA_VOLUME),
      { name: DATA_VOLUME, ...volumeSource(claimName, configMapName) },
    ],
  };
}

function volumeSource(claimName?: string, configMapName?: string): object {
  if (claimName !== undefined) return { persistentVolumeClaim: { claimName, readOnly: true } };
  if (configMapName !== undefined) return { configMap: { name: configMapName } };
  return { emptyDir: {} };
}

function mounted(container: Container, readOnly: boolean): Container {
  const others = (container.volumeMounts ?? []).filter(({ name }) => name !== DATA_VOLUME);
  return {
    ...container,
    ...withVariables(container, { data: DATA_FOLDER }),
    volumeMounts: [...others, { name: DATA_VOLUME, mountPath: DATA_FOLDER, readOnly }],
  };
}

/** Downloads with the trainer's own image and rights. */
function newFetcher({ image, imagePullPolicy, command, securityContext }: Container): Container {
  return {
    name: FETCHER,
    image,
    ...(imagePullPolicy !== undefined && { imagePullPolicy }),
    ...(command !== undefined && { command }),
    ...(securityContext !== undefined && { securityContext }),
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

const fetcherOf = (container: Container, sources: readonly string[]): Container => ({
  ...mounted(container, false),
  args: ['fetch', ...sources],
});
