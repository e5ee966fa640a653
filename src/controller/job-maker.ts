import type { RunSpec } from '../contracts/recommender-run.ts';
import { ApiError } from './api-client.ts';
import { answered, type Gateway } from './gateway.ts';
import { controllerOf, type JobObject, type RunObject } from './objects.ts';
import type { Refusal } from './plan.ts';
import { queuedRun, type Turn, turnOf } from './queue-order.ts';
import { buildJob } from './train-job.ts';

export type JobOrRefusal =
  { readonly job: JobObject } | { readonly refusal: Refusal } | { readonly turn: Turn };

/** Makes Jobs, one at a time, so that two runs of this controller never start at once. */
export class JobMaker {
  readonly #gateway: Gateway;
  readonly #cronJob: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(gateway: Gateway, cronJob: string | undefined) {
    this.#gateway = gateway;
    this.#cronJob = cronJob;
  }

  /** The run's Job, made now or before; or why there is none. */
  make(run: RunObject & { spec: RunSpec }): Promise<JobOrRefusal> {
    const made = this.#last.then(() => this.#make(run));
    this.#last = made.catch(() => undefined);
    return made;
  }

  async #make(run: RunObject & { spec: RunSpec }): Promise<JobOrRefusal> {
    const { namespace } = run.metadata;
    const queued = queuedRun(run, this.#cronJob);
    if (queued.cronJob === null) return { refusal: UNKNOWN };
    // The watches may be behind what this controller, or another one, did a moment ago.
    const [runs, jobs] = await Promise.all([
      this.#gateway.runs(namespace),
      this.#gateway.jobs(namespace),
    ]);
    const others = runs.map((other) => queuedRun(other, this.#cronJob));
    const turn = turnOf(queued, others, jobs);
    if (turn.waitsFor !== null || turn.before > 0) return { turn };
    const cronJob = await this.#gateway.cronJob({ namespace, name: queued.cronJob });
    if (cronJob === null) {
      const message = `There is no CronJob ${queued.cronJob} in namespace ${namespace}`;
      return { refusal: { reason: 'CronJobNotFound', message } };
    }
    try {
      return { job: await this.#gateway.createJob(buildJob(run, cronJob), namespace) };
    } catch (error) {
      return this.#afterRefusal(run, queued.jobName, error);
    }
  }

  async #afterRefusal(run: RunObject, jobName: string, error: unknown): Promise<JobOrRefusal> {
    if (answered(error, 409)) {
      const job = await this.#gateway.job({ namespace: run.metadata.namespace, name: jobName });
      if (job === null) throw error;
      const refusal = ownedBy(run, job, this.#cronJob);
      return refusal === null ? { job } : { refusal };
    }
    if (answered(error, 400, 422)) return { refusal: refusalOf('JobRejected', error) };
    if (answered(error, 403)) return { refusal: refusalOf('JobRefusedForNow', error) };
    throw error;
  }
}

const UNKNOWN: Refusal = {
  reason: 'CronJobUnknown',
  message: 'Give spec.cronJobName: the controller was started without a CronJob',
};

const refusalOf = (reason: Refusal['reason'], { message }: ApiError): Refusal => ({
  reason,
  message,
});

/** Null where the Job is the run's: made for it, or one of its CronJob's that it reports on. */
export function ownedBy(
  run: RunObject,
  job: JobObject,
  cronJob: string | undefined,
): Refusal | null {
  const mine =
    run.spec?.jobName === undefined
      ? controllerOf(job, 'RecommenderRun')?.uid === run.metadata.uid
      : controllerOf(job, 'CronJob')?.name === queuedRun(run, cronJob).cronJob;
  if (mine) return null;
  const message = `Job ${job.metadata.name} is not of this run`;
  return { reason: 'NameConflict', message };
}
