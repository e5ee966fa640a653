import { z } from 'zod';
import { API_VERSION, PLURAL } from '../../src/contracts/recommender-run.ts';
import { kubeconfigAccess } from '../../src/controller/api-access.ts';
import { ApiClient } from '../../src/controller/api-client.ts';
import { run } from './program.ts';

export const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  run('kubectl', args, input);

const listSchema = z.object({ items: z.array(z.unknown()) });

/** Where the API server has the kinds that the tests look at. */
const GROUPS = {
  pods: 'api/v1',
  secrets: 'api/v1',
  events: 'api/v1',
  jobs: 'apis/batch/v1',
  cronjobs: 'apis/batch/v1',
  [PLURAL]: `apis/${API_VERSION}`,
} as const;
export type Kind = keyof typeof GROUPS;

let opened: Promise<ApiClient> | null = null;
/** One connection a process, since to look is what the tests do all the time, and a program for each look is dear. */
export const apiClient = (): Promise<ApiClient> =>
  (opened ??= kubeconfigAccess().then((access) => new ApiClient(access)));

async function read(kind: Kind, namespace: string, rest: string): Promise<unknown> {
  return (await apiClient()).request(
    'GET',
    `/${GROUPS[kind]}/namespaces/${namespace}/${kind}${rest}`,
  );
}

/** Objects of a kind in a namespace, all or those with a label. */
export async function list<T>(
  schema: z.ZodType<T>,
  kind: Kind,
  namespace: string,
  selector = '',
): Promise<T[]> {
  const query = `?labelSelector=${encodeURIComponent(selector)}`;
  const { items } = listSchema.parse(await read(kind, namespace, query));
  return items.map((item) => schema.parse(item));
}

/** One object; throws `ApiError` with status 404 where there is none. */
export const get = async <T>(
  schema: z.ZodType<T>,
  kind: Kind,
  name: string,
  namespace: string,
): Promise<T> => schema.parse(await read(kind, namespace, `/${name}`));

/** Creates or changes objects; by the server, since data files do not fit the client's annotation. */
export async function apply(namespace: string, ...objects: readonly object[]): Promise<void> {
  if (objects.length === 0) return;
  const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  await kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], text);
}

const metadata = z.object({
  name: z.string(),
  uid: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  deletionTimestamp: z.string().optional(),
});

const conditions = z
  .array(
    z.object({
      type: z.string(),
      status: z.string(),
      reason: z.string().default(''),
      message: z.string().default(''),
      lastTransitionTime: z.iso.datetime().optional(),
    }),
  )
  .default([]);

const terminated = z.object({
  exitCode: z.number(),
  reason: z.string().default(''),
  message: z.string().default(''),
});

export const podSchema = z.object({
  metadata,
  status: z.object({
    phase: z.string(),
    podIP: z.string().optional(),
    conditions,
    containerStatuses: z
      .array(
        z.object({
          restartCount: z.number(),
          state: z.object({
            running: z.object({ startedAt: z.iso.datetime() }).optional(),
            terminated: terminated.optional(),
          }),
        }),
      )
      .default([]),
  }),
});
export type Pod = z.infer<typeof podSchema>;

export const jobSchema = z.object({
  metadata,
  status: z.object({
    conditions,
    active: z.number().default(0),
    succeeded: z.number().default(0),
    failed: z.number().default(0),
    startTime: z.iso.datetime().optional(),
  }),
});
export type Job = z.infer<typeof jobSchema>;

export const cronJobSchema = z.object({
  spec: z.object({
    schedule: z.string(),
    timeZone: z.string(),
    suspend: z.boolean(),
    concurrencyPolicy: z.string(),
    startingDeadlineSeconds: z.number(),
    successfulJobsHistoryLimit: z.number(),
    failedJobsHistoryLimit: z.number(),
  }),
});

export const secretSchema = z.object({ data: z.record(z.string(), z.string()).optional() });

export const isReady = (pod: Pod): boolean =>
  pod.metadata.deletionTimestamp === undefined &&
  pod.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');

/** Seconds from the container's start to Ready, as Kubernetes notes them: whole ones. */
export function secondsToReady({ status }: Pod): number {
  const started = status.containerStatuses[0]?.state.running?.startedAt ?? '';
  const ready = status.conditions.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '';
  return (Date.parse(ready) - Date.parse(started)) / 1000;
}
