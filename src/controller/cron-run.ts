import { API_VERSION, KIND } from '../contracts/recommender-run.ts';
import type { Log } from '../runtime/log.ts';
import { answered, type Gateway } from './gateway.ts';
import { controllerOf, CRON_JOB_LABEL, type JobObject, type Key } from './objects.ts';

/** Whether a Job is one that the CronJob made, or somebody from it by hand. */
export function isCronJobs(job: JobObject, cronJob: string | undefined): boolean {
  return cronJob !== undefined && controllerOf(job, 'CronJob')?.name === cronJob;
}

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

/** Makes the run of a Job of the CronJob, where the name is one of such a Job and has no run yet. */
export async function adopt(
  gateway: Gateway,
  key: Key,
  cronJob: string | undefined,
  log: Log,
): Promise<void> {
  if (cronJob === undefined) return;
  const job = await gateway.job(key);
  if (job === null || job.metadata.deletionTimestamp !== undefined) return;
  if (!isCronJobs(job, cronJob)) return;
  try {
    await gateway.createRun(runFor(job, cronJob), key.namespace);
    log.info({ run: key.name, namespace: key.namespace }, 'run made for a job of the cron job');
  } catch (error) {
    // Made meanwhile, by this or another controller.
    if (!answered(error, 409)) throw error;
  }
}
