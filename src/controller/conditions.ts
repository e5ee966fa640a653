import {
  type Condition,
  CONDITION_TYPES,
  type ConditionType,
  type RunStatus,
} from '../contracts/recommender-run.ts';

/** What is said by a condition. */
export interface Saying {
  readonly type: ConditionType;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

const LONGEST_MESSAGE = 2048;

/** Text that fits into a status. */
export const cut = (text: string, most = LONGEST_MESSAGE): string =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

/** The status with that said in it; the time moves only where `status` changes. */
export function say(
  status: RunStatus,
  { type, status: holds, reason, message }: Saying,
  generation: number,
  now: Date,
): RunStatus {
  const before = conditionOf(status, type);
  const condition: Condition = {
    type,
    status: holds,
    reason,
    message: cut(message),
    lastTransitionTime:
      before?.status === holds ? before.lastTransitionTime : timestamp(now.getTime()),
    observedGeneration: generation,
  };
  const others = (status.conditions ?? []).filter((other) => other.type !== type);
  const conditions = [...others, condition].sort((a, b) => rankOf(a) - rankOf(b));
  return { ...status, conditions };
}

const rankOf = ({ type }: Condition): number => CONDITION_TYPES.indexOf(type);

export function conditionOf(status: RunStatus, type: ConditionType): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

export function holds(status: RunStatus, type: ConditionType): boolean {
  return conditionOf(status, type)?.status === 'True';
}

/** Whether the run has ended, well or not. */
export const isFinished = (status: RunStatus): boolean =>
  holds(status, 'Complete') || holds(status, 'Failed');

/** Time as Kubernetes writes it, in whole seconds. */
export const timestamp = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A status in the making, about one generation of the spec at one time. */
export class Draft {
  status: RunStatus;
  readonly #generation: number;
  readonly #now: Date;

  constructor(before: RunStatus, generation: number, now: Date) {
    this.status = { ...before, observedGeneration: generation };
    this.#generation = generation;
    this.#now = now;
  }

  say(
    type: ConditionType,
    holds: boolean,
    [reason, message]: readonly [reason: string, message: string],
  ): void {
    const saying = { type, status: holds ? 'True' : 'False', reason, message } as const;
    this.status = say(this.status, saying, this.#generation, this.#now);
  }

  /** Sets fields beside the conditions. */
  set(fields: Partial<RunStatus>): void {
    this.status = { ...this.status, ...fields };
  }

  /** Takes a field out. */
  forget(field: keyof RunStatus): void {
    const entries = Object.entries(this.status).filter(([key]) => key !== field);
    this.status = Object.fromEntries(entries);
  }

  /** What is going on, in a few words and as a condition. */
  progress(going: boolean, reason: string, message: string, summary: string): void {
    this.say('Progressing', going, [reason, message]);
    this.set({ progress: { ...this.status.progress, summary: cut(summary, 256) } });
  }

  /** The end of a run that did what it was to do. */
  complete(reason: string, message: string, at: number = this.#now.getTime()): void {
    this.#end('done', at);
    this.forget('lastError');
    this.say('Complete', true, [reason, message]);
    this.say('Failed', false, ['Completed', message]);
  }

  /** The end of a run that did not; `words` are those of the error itself. */
  fail(reason: string, message: string, words = '', at: number = this.#now.getTime()): void {
    this.#end(`failed: ${reason}`, at);
    this.set({ lastError: cut(words === '' ? message : words) });
    this.say('Complete', false, ['Failed', message]);
    this.say('Failed', true, [reason, message]);
  }

  #end(summary: string, at: number): void {
    this.progress(false, 'Finished', 'The run has ended', summary);
    this.set({ completionTime: timestamp(at) });
  }
}
