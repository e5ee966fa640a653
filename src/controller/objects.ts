import { z } from 'zod';
import { GROUP, runSpecSchema, runStatusSchema } from '../contracts/recommender-run.ts';

/** Label of Jobs and pods: the run that they belong to. */
export const RUN_LABEL = `${GROUP}/run`;
/** Label of Jobs and of runs: the CronJob whose trainings take turns with them. */
export const CRON_JOB_LABEL = `${GROUP}/cron-job`;
/** Annotation of a Job that the controller holds back, or has suspended for its run. */
export const HELD_ANNOTATION = `${GROUP}/held`;

const strings = z.record(z.string(), z.string());
const time = z.string().transform((text) => Date.parse(text));

const ownerSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
});

const metadataSchema = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  resourceVersion: z.string(),
  generation: z.int().default(0),
  creationTimestamp: time,
  deletionTimestamp: time.optional(),
  labels: strings.default({}),
  annotations: strings.default({}),
  ownerReferences: z.array(ownerSchema).default([]),
});

/** A run as the API server keeps it. A spec that this release does not understand is `null`. */
export const runObjectSchema = z.object({
  metadata: metadataSchema,
  spec: runSpecSchema.nullable().catch(null).default({}),
  status: runStatusSchema.catch({}).default({}),
});

const jobConditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTransitionTime: time.optional(),
});

/** A Job, with what matters of it. */
export const jobObjectSchema = z.object({
  metadata: metadataSchema,
  spec: z.object({ suspend: z.boolean().default(false) }),
  status: z
    .object({
      active: z.int().default(0),
      failed: z.int().default(0),
      startTime: time.optional(),
      completionTime: time.optional(),
      conditions: z.array(jobConditionSchema).default([]),
    })
    .prefault({}),
});

const stateSchema = z.object({
  waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
  terminated: z
    .object({
      exitCode: z.int(),
      reason: z.string().default(''),
      message: z.string().default(''),
    })
    .optional(),
});

const containerStatusSchema = z.object({ name: z.string(), state: stateSchema.default({}) });

/** A pod, with what says why it does not run or did not end well. */
export const podObjectSchema = z.object({
  metadata: metadataSchema,
  status: z
    .object({
      phase: z.string().default('Pending'),
      reason: z.string().default(''),
      message: z.string().default(''),
      conditions: z.array(jobConditionSchema).default([]),
      initContainerStatuses: z.array(containerStatusSchema).default([]),
      containerStatuses: z.array(containerStatusSchema).default([]),
    })
    .prefault({}),
});

const envSchema = z.looseObject({ name: z.string() });
const containerSchema = z.looseObject({
  name: z.string(),
  env: z.array(envSchema).optional(),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })).optional(),
  resources: z
    .looseObject({
      requests: z.record(z.string(), z.unknown()).optional(),
      limits: z.record(z.string(), z.unknown()).optional(),
    })
    .optional(),
});
const templateMetadataSchema = z.looseObject({
  labels: strings.optional(),
  annotations: strings.optional(),
});

/** A CronJob with the template of its Jobs, of which nothing may be lost. */
export const cronJobObjectSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({
    jobTemplate: z.object({
      metadata: templateMetadataSchema.default({}),
      spec: z.looseObject({
        template: z.looseObject({
          metadata: templateMetadataSchema.optional(),
          spec: z.looseObject({
            containers: z.array(containerSchema).min(1),
            initContainers: z.array(containerSchema).optional(),
            volumes: z.array(z.looseObject({ name: z.string() })).optional(),
          }),
        }),
      }),
    }),
  }),
});

export type RunObject = z.output<typeof runObjectSchema>;
export type JobObject = z.output<typeof jobObjectSchema>;
export type PodObject = z.output<typeof podObjectSchema>;
export type CronJobObject = z.output<typeof cronJobObjectSchema>;
export type Container = z.output<typeof containerSchema>;
type Owner = z.output<typeof ownerSchema>;

/** Namespace and name, as the queue holds them. */
export interface Key {
  readonly namespace: string;
  readonly name: string;
}

export const keyOf = ({ namespace, name }: Key): string => `${namespace}/${name}`;

/** The owner that manages an object, if it is of that kind. */
export function controllerOf(
  { metadata }: { metadata: RunObject['metadata'] },
  kind: string,
): Owner | undefined {
  return metadata.ownerReferences.find((owner) => owner.controller === true && owner.kind === kind);
}

/** How a Job has ended, or undefined while it has not. */
export function endOf({ status }: JobObject) {
  return status.conditions.find(
    ({ type, status: holds }) => holds === 'True' && (type === 'Complete' || type === 'Failed'),
  );
}

/** Whether a Job has, or will have, pods of its own accord. */
export const isActive = (job: JobObject): boolean =>
  endOf(job) === undefined && !job.spec.suspend && job.metadata.deletionTimestamp === undefined;
