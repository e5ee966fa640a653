import type { PodObject } from './objects.ts';
import { TRAINER } from './train-job.ts';

/** How the trainer's container ended, in a pod that did not end well. */
export interface PodEnd {
  readonly pod: string;
  readonly reason:
    'OutOfMemory' | 'Evicted' | 'FetchFailed' | 'Killed' | 'BadSettings' | 'PodFailed';
  readonly message: string;
  /** Its last words. */
  readonly words: string;
}

/** Why a pod does not run. */
export interface PodWait {
  readonly reason: 'Unschedulable' | 'ImagePullFailed' | 'ContainerNotStarted';
  readonly message: string;
}

const IMAGE_REASONS = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'];
const QUIET_REASONS = ['', 'ContainerCreating', 'PodInitializing'];
/** Exit code of wrong use, before there is anything to record or to summarise. */
const WRONG_USE = 2;
/** Exit codes above this are those of signals. */
const SIGNALS = 128;
/** Node aborts where its heap is full, before the kernel would kill it; the end of its trace is the end of the log. */
const ABORT = SIGNALS + 6;
const HEAP_FULL = /heap out of memory|OOMErrorHandler|FatalProcessOutOfMemory/;

/** The pod made last. */
export const newestOf = (pods: readonly PodObject[]): PodObject | undefined =>
  pods.toSorted((a, b) => b.metadata.creationTimestamp - a.metadata.creationTimestamp)[0];

const trainerOf = ({ status }: PodObject) =>
  status.containerStatuses.find(({ name }) => name === TRAINER) ?? status.containerStatuses[0];

/** The last words of the trainer's container, if it has ended. */
export function lastWords(pod: PodObject | undefined): string {
  return (pod && trainerOf(pod)?.state.terminated?.message) ?? '';
}

/** Whether Kubernetes knows nothing of how the container ended, as of one that was deleted before it started. */
export const isLost = (pod: PodObject): boolean =>
  trainerOf(pod)?.state.terminated?.reason === 'ContainerStatusUnknown';

/** Why and how the pod failed; null where it did not. */
export function failureOf(pod: PodObject): PodEnd | null {
  const { status, metadata } = pod;
  const end = (reason: PodEnd['reason'], message: string, words = ''): PodEnd => ({
    pod: metadata.name,
    reason,
    message,
    words,
  });
  if (status.reason === 'Evicted') return end('Evicted', `Pod ${metadata.name}: ${status.message}`);
  const fetch = status.initContainerStatuses.find(({ state }) => failed(state.terminated));
  if (fetch !== undefined) {
    const { message = '', exitCode = 0 } = fetch.state.terminated ?? {};
    const where = `Container ${fetch.name} of pod ${metadata.name}`;
    return end('FetchFailed', `${where} ended with code ${exitCode}`, message);
  }
  const trainer = trainerOf(pod);
  if (failed(trainer?.state.terminated)) return endOfTrainer(pod, end);
  return status.phase === 'Failed'
    ? end('PodFailed', `Pod ${metadata.name}: ${status.message || status.reason || 'failed'}`)
    : null;
}

function endOfTrainer(
  pod: PodObject,
  end: (reason: PodEnd['reason'], message: string, words: string) => PodEnd,
): PodEnd {
  const trainer = trainerOf(pod);
  const terminated = { reason: '', exitCode: 0, message: '', ...trainer?.state.terminated };
  const deleted = pod.metadata.deletionTimestamp === undefined ? '' : ', which was deleted,';
  const where = `Container ${trainer?.name ?? TRAINER} of pod ${pod.metadata.name}${deleted}`;
  const [reason, what] = causeOf(terminated);
  return end(reason, `${where} ${what}`, terminated.message);
}

/** Why a container ended so, in a word and in a few. */
function causeOf(end: {
  reason: string;
  exitCode: number;
  message: string;
}): [PodEnd['reason'], string] {
  if (end.reason === 'OOMKilled') {
    return ['OutOfMemory', 'used more memory than its limit and was killed'];
  }
  if (end.exitCode === ABORT && HEAP_FULL.test(end.message)) {
    return ['OutOfMemory', 'used more memory than its limit leaves for the heap'];
  }
  if (end.exitCode === WRONG_USE) return ['BadSettings', 'refused its settings'];
  return end.exitCode > SIGNALS
    ? ['Killed', `was killed by signal ${end.exitCode - SIGNALS}`]
    : ['PodFailed', `ended with code ${end.exitCode}`];
}

const failed = (terminated: { exitCode: number } | undefined): boolean =>
  terminated !== undefined && terminated.exitCode !== 0;

/** What keeps the pod from running; null where nothing is known to. */
export function waitOf({ status, metadata }: PodObject): PodWait | null {
  const scheduled = status.conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False' && scheduled.reason === 'Unschedulable') {
    return { reason: 'Unschedulable', message: `Pod ${metadata.name}: ${scheduled.message}` };
  }
  for (const { name, state } of [...status.initContainerStatuses, ...status.containerStatuses]) {
    const { reason = '', message = '' } = state.waiting ?? {};
    if (QUIET_REASONS.includes(reason)) continue;
    const text = `Container ${name} of pod ${metadata.name}: ${reason}: ${message}`;
    const image = IMAGE_REASONS.includes(reason);
    return { reason: image ? 'ImagePullFailed' : 'ContainerNotStarted', message: text };
  }
  return null;
}

export const hasStarted = ({ status }: PodObject): boolean => status.phase !== 'Pending';
