import { isFinished } from './conditions.ts';
import {
  controllerOf,
  CRON_JOB_LABEL,
  HELD_ANNOTATION,
  isActive,
  type JobObject,
  keyOf,
  type RunObject,
} from './objects.ts';
import { jobNameOf } from './train-job.ts';

/** What the order needs to know of a run; also all that the cache keeps of one. */
export interface QueuedRun {
  readonly namespace: string;
  readonly name: string;
  readonly created: number;
  readonly generation: number;
  readonly deleting: boolean;
  /** Ended, with nothing left to say about its present generation. */
  readonly settled: boolean;
  readonly finished: boolean;
  readonly suspended: boolean;
  readonly rollback: boolean;
  readonly expires: boolean;
  readonly jobName: string;
  /** The CronJob whose trainings take turns; null where nobody named one. */
  readonly cronJob: string | null;
}

/** A run's place in the queue. */
export interface Turn {
  /** The run or Job that trains now, another than this one. */
  readonly waitsFor: string | null;
  /** Runs that come before this one. */
  readonly before: number;
  /** This one trains although an older Job does: it has to give way. */
  readonly givesWay: boolean;
}

export function queuedRun(run: RunObject, defaultCronJob: string | undefined): QueuedRun {
  const { metadata, spec, status } = run;
  const { namespace, name, generation } = metadata;
  const finished = isFinished(status);
  return {
    namespace,
    name,
    created: metadata.creationTimestamp,
    generation,
    deleting: metadata.deletionTimestamp !== undefined,
    settled: finished && status.observedGeneration === generation,
    finished,
    suspended: spec?.suspend === true,
    rollback: spec?.rollbackTo !== undefined,
    expires: spec?.ttlSecondsAfterFinished !== undefined,
    jobName: spec?.jobName ?? jobNameOf(metadata),
    cronJob: namedBy(run) ?? defaultCronJob ?? null,
  };
}

/** The CronJob that a run names: in its spec, or, where it stands for a Job of one, by its label. */
const namedBy = ({ spec, metadata }: RunObject): string | undefined =>
  spec?.jobName === undefined ? spec?.cronJobName : metadata.labels[CRON_JOB_LABEL];

/** The CronJob with whose trainings a Job takes turns, if it is a training. */
export function cronJobOf(job: JobObject): string | null {
  return (
    controllerOf(job, 'CronJob')?.name ??
    (controllerOf(job, 'RecommenderRun') === undefined
      ? null
      : (job.metadata.labels[CRON_JOB_LABEL] ?? null))
  );
}

/**
 * Whose turn it is among the trainings of one CronJob: one trains at a time, the oldest run first. Of two Jobs that
 * train nevertheless, for example because Kubernetes started the CronJob's own, the younger gives way.
 */
export function turnOf(run: QueuedRun, runs: Iterable<QueuedRun>, jobs: Iterable<JobObject>): Turn {
  const byName = new Map<string, JobObject>();
  for (const job of jobs) {
    const { namespace, name } = job.metadata;
    if (namespace === run.namespace && cronJobOf(job) === run.cronJob) byName.set(name, job);
  }
  const training = [...byName.values()].filter(isActive).sort(byAge);
  const oldest = training[0]?.metadata.name ?? null;
  const trains = training.some(({ metadata }) => metadata.name === run.jobName);
  const waitsFor = oldest === run.jobName ? null : oldest;
  if (trains) return { waitsFor, before: 0, givesWay: waitsFor !== null };
  const waiting = [...runs].filter(
    (other) =>
      other.namespace === run.namespace &&
      other.cronJob === run.cronJob &&
      keyOf(other) !== keyOf(run) &&
      isWaiting(other, byName.get(other.jobName)) &&
      isBefore(other, run),
  );
  return { waitsFor, before: waiting.length, givesWay: false };
}

/**
 * The runs of a namespace that may have to act when a place in the queue has changed: those that train, and of each
 * CronJob's the first that waits. The others wait on, so that a queue of n costs n passes and not n².
 */
export function concerned(
  namespace: string,
  runs: Iterable<QueuedRun>,
  jobs: Iterable<JobObject>,
): QueuedRun[] {
  const byName = new Map<string, JobObject>();
  for (const job of jobs) {
    if (job.metadata.namespace === namespace) byName.set(job.metadata.name, job);
  }
  const training: QueuedRun[] = [];
  const first = new Map<string | null, QueuedRun>();
  for (const run of runs) {
    if (run.namespace !== namespace || !stands(run)) continue;
    const job = byName.get(run.jobName);
    if (job !== undefined && isActive(job)) training.push(run);
    if (!isWaiting(run, job)) continue;
    const before = first.get(run.cronJob);
    if (before === undefined || isBefore(run, before)) first.set(run.cronJob, run);
  }
  return [...training, ...first.values()];
}

/** Whether a run has a place in the queue. */
export const stands = (run: QueuedRun): boolean => !run.finished && !run.suspended && !run.deleting;

function isWaiting(run: QueuedRun, job: JobObject | undefined): boolean {
  if (!stands(run) || run.rollback) return false;
  return job === undefined || isHeld(job);
}

/** Whether a Job is suspended, by the controller and not by somebody else. */
export const isHeld = ({ spec, metadata }: JobObject): boolean =>
  spec.suspend && metadata.annotations[HELD_ANNOTATION] !== undefined;

function isBefore(a: QueuedRun, b: QueuedRun): boolean {
  return a.created < b.created || (a.created === b.created && a.name < b.name);
}

function byAge(a: JobObject, b: JobObject): number {
  const [first, second] = [a.metadata, b.metadata];
  return first.creationTimestamp - second.creationTimestamp || (first.name < second.name ? -1 : 1);
}
