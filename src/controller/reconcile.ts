import { isDeepStrictEqual } from 'node:util';
import type { RunSpec, RunStatus } from '../contracts/recommender-run.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import { expiresIn } from './ttl.ts';
import { adopt, type Scope } from './cron-run.ts';
import { eventOf, newsOf } from './events.ts';
import { answered, type Gateway } from './gateway.ts';
import { endOf, HELD_ANNOTATION, type JobObject, type Key, type RunObject } from './objects.ts';
import { isFinished } from './conditions.ts';
import { type Action, type Observed, plan, type Plan } from './plan.ts';
import { lastWords, newestOf } from './pods.ts';
import { type QueuedRun, queuedRun, type Turn, turnOf } from './queue-order.ts';
import { readRecord, rollBack } from './store-reader.ts';
import { storyOfRecord, storyOfSummary, type Story } from './story.ts';
import { JobMaker, type JobOrRefusal, ownedBy } from './job-maker.ts';
import type { Outcome } from './work-queue.ts';

/** What the watches have seen, as hints. */
export interface Seen {
  runs(): Iterable<QueuedRun>;
  jobs(): Iterable<JobObject>;
}

export interface ReconcilerOptions {
  readonly gateway: Gateway;
  readonly seen: Seen;
  /** Of the controller's own release; other releases' records are not in it. */
  readonly store: Store;
  readonly scope: Scope;
  readonly clock: Clock;
  readonly log: Log;
}

/** More actions in one pass than a run can need. */
const MOST_ACTIONS = 4;
const DONE: Outcome = { requeueAfterMs: null };

/** Brings one run, whatever happened to it, nearer to what its spec says; the same call may be made at any time. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #maker: JobMaker;
  #events = 0;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#maker = new JobMaker(options.gateway, options.scope.cronJob);
  }

  /** One pass: reads, plans, acts, writes the status once, then sends events. Throws to be called again. */
  async reconcile(key: Key): Promise<Outcome> {
    const { gateway, scope, log, clock } = this.#options;
    const run = await gateway.run(key);
    if (run === null) {
      await adopt(gateway, key, scope, log);
      return DONE;
    }
    if (run.metadata.deletionTimestamp !== undefined) return DONE;
    let observed = await this.#observe(run);
    let next = plan(observed, clock.now());
    for (let actions = 0; next.action !== null && actions < MOST_ACTIONS; actions++) {
      log.info({ run: key.name, namespace: key.namespace, ...next.action }, 'acting');
      const after = await this.#act(next.action, observed);
      if (after === null) return DONE;
      observed = after;
      next = plan(observed, clock.now());
    }
    return this.#say(run, next);
  }

  async #observe(run: RunObject): Promise<Observed> {
    const nothing = {
      run,
      job: null,
      pods: [],
      story: null,
      storeAway: false,
      turn: { waitsFor: null, before: 0, givesWay: false },
      refusal: null,
      rollback: null,
    };
    if (isFinished(run.status) || run.spec === null || run.spec.rollbackTo !== undefined) {
      return nothing;
    }
    const { jobName } = this.#queued(run);
    const job = await this.#options.gateway.job({ ...run.metadata, name: jobName });
    const turn = this.#turn(run);
    if (job === null) {
      const story = run.status.jobName === undefined ? null : await this.#recordOf(run, jobName);
      return { ...nothing, turn, ...story };
    }
    return { ...nothing, turn, ...(await this.#withJob(run, job)) };
  }

  /** The Job with its pods and its story, or why it is not this run's. */
  async #withJob(run: RunObject, job: JobObject): Promise<Partial<Observed>> {
    const mine = ownedBy(run, job, this.#options.scope.cronJob);
    if (mine !== null) return { refusal: mine };
    const { gateway } = this.#options;
    // A Job can be suspended in the moment of its end.
    const waits = job.spec.suspend && endOf(job) === undefined;
    const pods = waits ? [] : await gateway.pods(job.metadata);
    const told = await this.#recordOf(run, job.metadata.name, job.metadata.creationTimestamp);
    const last = endOf(job) === undefined ? null : storyOfSummary(lastWords(newestOf(pods)));
    return { job, pods, ...told, ...(last !== null && { story: joined(last, told.story) }) };
  }

  async #recordOf(
    run: RunObject,
    id: string,
    created: number = run.metadata.creationTimestamp,
  ): Promise<Pick<Observed, 'story' | 'storeAway'>> {
    if (!this.#isHome(run)) return { story: null, storeAway: false };
    const { record, away } = await readRecord(this.#options.store, id, created);
    return { story: record === null ? null : storyOfRecord(record), storeAway: away };
  }

  #isHome(run: RunObject): boolean {
    const { home, cronJob } = this.#options.scope;
    return run.metadata.namespace === home && this.#queued(run).cronJob === (cronJob ?? null);
  }

  #queued(run: RunObject): QueuedRun {
    return queuedRun(run, this.#options.scope.cronJob);
  }

  #turn(run: RunObject): Turn {
    const { seen } = this.#options;
    return turnOf(this.#queued(run), seen.runs(), seen.jobs());
  }

  /** Carries an action out; gives what is observed after it, null where nothing is left to say. */
  async #act(action: Action, observed: Observed): Promise<Observed | null> {
    const { run } = observed;
    const { gateway, store } = this.#options;
    switch (action.kind) {
      case 'delete-run':
        await gateway.deleteRun(run);
        return null;
      case 'roll-back':
        return {
          ...observed,
          rollback: this.#isHome(run)
            ? await rollBack(store, run.spec?.rollbackTo ?? '')
            : { kind: 'no-store', message: 'The store of that release is not known here' },
        };
      case 'create-job':
        return this.#afterMaking(
          observed,
          await this.#maker.make(run as RunObject & { spec: RunSpec }),
        );
      case 'suspend-job':
      case 'resume-job': {
        const suspend = action.kind === 'suspend-job';
        const job = await gateway.patchJob(observed.job?.metadata ?? run.metadata, {
          metadata: { annotations: { [HELD_ANNOTATION]: suspend ? action.why : null } },
          spec: { suspend },
        });
        const turn = { ...observed.turn, givesWay: false };
        return { ...observed, ...(await this.#withJob(run, job)), turn };
      }
    }
  }

  async #afterMaking(observed: Observed, made: JobOrRefusal): Promise<Observed> {
    // Another controller may have made it, and it may have ended since.
    return 'job' in made
      ? { ...observed, ...(await this.#withJob(observed.run, made.job)) }
      : { ...observed, ...made };
  }

  /** Writes the status if it says something new, then sends the news. */
  async #say(run: RunObject, { status, lookAgainMs }: Plan): Promise<Outcome> {
    const { gateway, log, clock } = this.#options;
    if (!isDeepStrictEqual(status, run.status)) {
      try {
        await gateway.putStatus(run, status);
      } catch (error) {
        // Changed or gone meanwhile: the next pass sees what it is now.
        if (answered(error, 404, 409)) return { requeueAfterMs: 0 };
        throw error;
      }
      await this.#send(run, run.status, status);
    }
    if (isFinished(status) && !isFinished(run.status)) {
      const { metadata } = run;
      log.info(
        { run: metadata.name, namespace: metadata.namespace, state: status.progress?.summary },
        'run ended',
      );
      return { requeueAfterMs: expiresIn({ ...run, status }, clock.now()) };
    }
    return { requeueAfterMs: lookAgainMs };
  }

  async #send(run: RunObject, before: RunStatus, after: RunStatus): Promise<void> {
    const { gateway, clock, log } = this.#options;
    for (const condition of newsOf(before, after)) {
      try {
        const event = eventOf(run, condition, clock.now(), (this.#events += 1));
        await gateway.createEvent(event, run.metadata.namespace);
      } catch (error) {
        // The status says the same; an event lost is no reason to try all again.
        log.warn({ err: error, run: run.metadata.name }, 'event lost');
      }
    }
  }
}

/** The last words of a trainer are newer than its record, but do not hold all of it. */
function joined(last: Story, record: Story | null): Story {
  return { ...last, data: record?.data ?? last.data };
}
