import { API_VERSION, KIND } from '../contracts/recommender-run.ts';
import {
  type JobObject,
  jobObjectSchema,
  type PodObject,
  podObjectSchema,
  type RunObject,
  runObjectSchema,
} from '../controller/objects.ts';
import { jobNameOf } from '../controller/train-job.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 5, 6, 0, second)).toISOString();

/** Time of the objects of a test, `second` after its start. */
export const timeAt = (second: number): Date => new Date(at(second));

function metadataOf(name: string, created: number) {
  return {
    name,
    namespace: 'books',
    uid: `uid-${name}`,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: at(created),
  };
}

/** A run made at that second. */
export function runObject(
  name: string,
  given: { spec?: object; status?: object; created?: number } = {},
): RunObject {
  const { spec = {}, status = {}, created = 0 } = given;
  return runObjectSchema.parse({ metadata: metadataOf(name, created), spec, status });
}

interface Given {
  created?: number;
  suspend?: boolean;
  end?: { type: 'Complete' | 'Failed' | 'FailureTarget'; reason?: string; message?: string };
  annotations?: Record<string, string>;
  failed?: number;
}

const jobStatus = ({ end, failed = 0 }: Given): object => ({
  startTime: at(1),
  failed,
  ...(end && {
    conditions: [{ status: 'True', lastTransitionTime: at(60), ...end }],
    ...(end.type === 'Complete' && { completionTime: at(60) }),
  }),
});

/** The Job of a run. */
export function jobOf(run: RunObject, given: Given = {}): JobObject {
  const { name, uid } = run.metadata;
  return jobObjectSchema.parse({
    metadata: {
      ...metadataOf(jobNameOf(run.metadata), given.created ?? 0),
      labels: { 'bookrec.dev/cron-job': 'books-trainer' },
      annotations: given.annotations ?? {},
      ownerReferences: [{ apiVersion: API_VERSION, kind: KIND, name, uid, controller: true }],
    },
    spec: { suspend: given.suspend ?? false },
    status: jobStatus(given),
  });
}

/** A Job of the CronJob. */
export function cronJobsJob(name: string, given: Given = {}): JobObject {
  const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'books-trainer', uid: 'uid-cron' };
  return jobObjectSchema.parse({
    metadata: {
      ...metadataOf(name, given.created ?? 0),
      annotations: given.annotations ?? {},
      ownerReferences: [{ ...owner, controller: true }],
    },
    spec: { suspend: given.suspend ?? false },
    status: jobStatus(given),
  });
}

/** A pod, by the state of its trainer's container and what else is given. */
export function podObject(state: object, status: object = {}, created = 2): PodObject {
  return podObjectSchema.parse({
    metadata: metadataOf('pod', created),
    status: { phase: 'Pending', containerStatuses: [{ name: 'trainer', state }], ...status },
  });
}
