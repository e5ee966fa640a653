import { z } from 'zod';
import { settingsSchema } from './settings.ts';

/** Settings of a training that the chart does not give from values of its own, such as the store's address. */
const trainingSettings = settingsSchema.pick({
  scale: true,
  maxBad: true,
  minReaderRatings: true,
  minBookRatings: true,
  core: true,
  feedback: true,
  split: true,
  heldOut: true,
  seed: true,
  warmStart: true,
  checkpointMinutes: true,
  rank: true,
  fitTo: true,
  links: true,
  sweeps: true,
  threads: true,
  listLength: true,
  policy: true,
  maxPerAuthor: true,
  publish: true,
  margin: true,
  keep: true,
});

const strings = z.record(z.string(), z.string());
/** A piece of a Kubernetes object that is passed on as it is. */
const kubernetes = z.looseObject({});
const kubernetesList = z.array(kubernetes);
const quantity = z.union([
  z.number().min(0),
  z.string().regex(/^\d+(\.\d+)?(m|k|[MGTPE]|[KMGTPE]i)?$/),
]);
const memory = z.string().regex(/^(\d+(\.\d+)?([kMGT]|[KMGT]i)?)?$/);
const port = z.int().min(1).max(65_535);
const seconds = z.int().min(0);
const share = z.number().min(0).max(1);
const cron = z.string().regex(/^(@[a-z]+|\S+(\s+\S+){4})$/);
const optionalCron = z.string().regex(/^(|@[a-z]+|\S+(\s+\S+){4})$/);

const image = z.strictObject({
  registry: z.string(),
  repository: z.string().min(1),
  tag: z.string().regex(/^(\w[\w.-]{0,127})?$/),
  digest: z.string().regex(/^(sha256:[0-9a-f]{64})?$/),
  pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
});

const resources = z.strictObject({
  requests: z.record(z.string(), quantity).optional(),
  limits: z.record(z.string(), quantity).optional(),
  claims: kubernetesList.optional(),
});

/** What every part with pods has. */
const pods = {
  image,
  resources,
  terminationGracePeriodSeconds: seconds,
  podAnnotations: strings,
  podLabels: strings,
  nodeSelector: strings,
  tolerations: kubernetesList,
  affinity: kubernetes,
  priorityClassName: z.string(),
};

const logLevel = z.enum(['debug', 'info', 'warn', 'error', 'silent']);

const api = z.strictObject({
  ...pods,
  replicas: z.int().min(0),
  logLevel,
  keys: z.strictObject({
    enabled: z.boolean(),
    existingSecret: z.string(),
    existingSecretKey: z.string().min(1),
  }),
  rateLimit: z.int().min(0),
  trustedProxies: z.int().min(0).max(10),
  service: z.strictObject({
    type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']),
    port,
    annotations: strings,
  }),
  autoscaling: z.strictObject({
    enabled: z.boolean(),
    minReplicas: z.int().min(1),
    maxReplicas: z.int().min(1),
    targetCPUUtilizationPercentage: z.int().min(1),
  }),
  pdb: z.strictObject({
    enabled: z.boolean(),
    maxUnavailable: z.union([z.int().min(0), z.string().regex(/^\d+%$/)]),
  }),
  ingress: z.strictObject({
    enabled: z.boolean(),
    className: z.string(),
    annotations: strings,
    hosts: z.array(
      z.strictObject({
        host: z.string(),
        paths: z.array(
          z.strictObject({
            path: z.string().startsWith('/'),
            pathType: z.enum(['Prefix', 'Exact', 'ImplementationSpecific']),
          }),
        ),
      }),
    ),
    tls: kubernetesList,
  }),
  httpRoute: z.strictObject({
    enabled: z.boolean(),
    annotations: strings,
    parentRefs: kubernetesList,
    hostnames: z.array(z.string()),
  }),
  preStopSeconds: seconds,
  drainSeconds: seconds,
  extraEnv: kubernetesList,
  topologySpreadConstraints: kubernetesList,
});

const trainer = z.strictObject({
  ...pods,
  enabled: z.boolean(),
  schedule: cron,
  timeZone: z.string().min(1),
  suspend: z.boolean(),
  startingDeadlineSeconds: z.int().min(10),
  activeDeadlineSeconds: z.int().min(1),
  backoffLimit: z.int().min(0),
  successfulJobsHistoryLimit: z.int().min(0),
  failedJobsHistoryLimit: z.int().min(0),
  logLevel,
  settings: trainingSettings,
  data: z.strictObject({
    existingClaim: z.string(),
    existingConfigMap: z.string(),
    files: z.array(
      z.strictObject({
        url: z.string().regex(/^(https?|s3):\/\/[^#\s]+$/),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    ),
    credentialsSecret: z.string(),
    sizeLimit: memory.min(1),
  }),
  gpu: z.strictObject({
    enabled: z.boolean(),
    count: z.int().min(1),
    resource: z.string().min(1),
    repository: z.string().min(1),
    runtimeClassName: z.string(),
    driverCapabilities: z.string(),
    nodeSelector: strings,
    tolerations: kubernetesList,
  }),
  extraEnv: kubernetesList,
});

const controller = z.strictObject({
  ...pods,
  enabled: z.boolean(),
  clusterWide: z.boolean(),
  logLevel,
  extraEnv: kubernetesList,
});

const store = z.strictObject({
  ...pods,
  enabled: z.boolean(),
  threads: z.int().min(0),
  maxMemory: memory,
  auth: z.strictObject({
    enabled: z.boolean(),
    existingSecret: z.string(),
    existingSecretKey: z.string().min(1),
  }),
  tls: z.strictObject({ enabled: z.boolean(), existingSecret: z.string() }),
  persistence: z.strictObject({
    enabled: z.boolean(),
    size: memory.min(1),
    storageClass: z.string(),
    whenDeleted: z.enum(['Retain', 'Delete']),
  }),
  snapshotCron: optionalCron,
  extraArgs: z.array(z.string().startsWith('-')),
  external: z.strictObject({
    url: z.string().regex(/^(rediss?:\/\/.+)?$/),
    username: z.string(),
    existingSecret: z.string(),
    existingSecretKey: z.string().min(1),
    caSecret: z.string(),
  }),
});

const monitoring = z.strictObject({
  serviceMonitor: z.strictObject({
    enabled: z.boolean(),
    labels: strings,
    interval: z.string().regex(/^\d+(ms|s|m|h)$/),
  }),
  prometheusRule: z.strictObject({
    enabled: z.boolean(),
    labels: strings,
    alertLabels: strings,
    trainingIntervalHours: z.int().min(1),
    maxModelAgeHours: z.int().min(1),
    maxCoverageError: share,
    maxFeedbackCoverageError: share,
    maxStoreMemory: share,
    maxErrorRate: share,
    maxLatencySeconds: z.number().positive(),
  }),
  dashboard: z.strictObject({ enabled: z.boolean(), labels: strings }),
});

/** Values of the Helm chart; their meaning and defaults stand in charts/bookrec/values.yaml. */
export const valuesSchema = z.strictObject({
  /** Of an umbrella chart, as its condition for this one. */
  enabled: z.boolean().optional(),
  global: z.looseObject({
    imageRegistry: z.string().optional(),
    imagePullSecrets: z.array(z.strictObject({ name: z.string() })).optional(),
  }),
  preset: z.enum(['default', 'recommended']),
  nameOverride: z.string(),
  fullnameOverride: z.string(),
  commonLabels: strings,
  serviceAccount: z.strictObject({ create: z.boolean(), name: z.string(), annotations: strings }),
  api,
  trainer,
  crds: z.strictObject({ install: z.boolean(), keep: z.boolean() }),
  controller,
  store,
  networkPolicy: z.strictObject({
    enabled: z.boolean(),
    apiFrom: kubernetesList,
    monitoringFrom: kubernetesList,
    externalTo: kubernetesList,
  }),
  monitoring,
});
