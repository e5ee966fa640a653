import { API_VERSION, KIND } from '../contracts/recommender-run.ts';
import type { Log } from '../runtime/log.ts';
import { answered, type Gateway } from './gateway.ts';
import { controllerOf, CRON_JOB_LABEL, type JobObject, type Key } from './objects.ts';

/** Which CronJobs' trainings are to appear as runs. */
export interface Scope {
  /** Namespace of the controller's own release. */
  readonly home: string;
  /** The trainer of that release. */
  readonly cronJob: string | undefined;
  /** The trainers of all other releases too. */
  readonly wide: boolean;
}

/** The CronJob that made a Job, or that somebody made it from by hand, if it is in the scope. */
export function cronJobInScope(job: JobObject, { home, cronJob, wide }: Scope): string | null {
  const owner = controllerOf(job, 'CronJob')?.name ?? null;
  const { namespace, labels } = job.metadata;
  if (owner === cronJob && namespace === home) return owner;
  return wide && TRAINERS.every(([label, value]) => labels[label] === value) ? owner : null;
}

/** What the chart labels the Jobs of its trainer with. */
const TRAINERS = [
  ['app.kubernetes.io/part-of', 'bookrec'],
  ['app.kubernetes.io/component', 'trainer'],
] as const;

/** The run that stands for a Job of the CronJob: it has its name, belongs to it and goes with it. */
export function runFor({ metadata }: JobObject, cronJob: string) {
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      labels: { [CRON_JOB_LABEL]: cronJob },
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          name: metadata.name,
          uid: metadata.uid,
          controller: true,
        },
      ],
    },
    spec: { jobName: metadata.name },
  };
}

/** Makes the run of a Job of a CronJob, where the name is one of such a Job and has no run yet. */
export async function adopt(gateway: Gateway, key: Key, scope: Scope, log: Log): Promise<void> {
  if (!scope.wide && (scope.cronJob === undefined || key.namespace !== scope.home)) return;
  const job = await gateway.job(key);
  if (job === null || job.metadata.deletionTimestamp !== undefined) return;
  const cronJob = cronJobInScope(job, scope);
  if (cronJob === null) return;
  try {
    await gateway.createRun(runFor(job, cronJob), key.namespace);
    log.info({ run: key.name, namespace: key.namespace }, 'run made for a job of the cron job');
  } catch (error) {
    // Made meanwhile, by this or another controller.
    if (!answered(error, 409)) throw error;
  }
}
