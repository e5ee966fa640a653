import { z } from 'zod';
import { run } from './program.ts';

export const kubectl = (args: readonly string[], input?: string): Promise<string> =>
  run('kubectl', args, input);

const listSchema = z.object({ items: z.array(z.unknown()) });

/** Objects of a kind in a namespace, all or those with a label. */
export async function list<T>(
  schema: z.ZodType<T>,
  kind: string,
  namespace: string,
  selector = '',
): Promise<T[]> {
  const args = ['get', kind, '-n', namespace, '-o', 'json', '-l', selector];
  const { items } = listSchema.parse(JSON.parse(await kubectl(args)));
  return items.map((item) => schema.parse(item));
}

/** One object. */
export async function get<T>(
  schema: z.ZodType<T>,
  kind: string,
  name: string,
  namespace: string,
): Promise<T> {
  return schema.parse(
    JSON.parse(await kubectl(['get', kind, name, '-n', namespace, '-o', 'json'])),
  );
}

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
