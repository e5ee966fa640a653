import { once } from 'node:events';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';
import type { ApiAccess } from './api-access.ts';
import { ApiClient, ApiError } from './api-client.ts';
import { cronJobInScope, type Scope } from './cron-run.ts';
import { KubeGateway, pathOf } from './gateway.ts';
import { ControllerMetrics } from './metrics.ts';
import {
  controllerOf,
  isActive,
  type JobObject,
  jobObjectSchema,
  type Key,
  keyOf,
  runObjectSchema,
} from './objects.ts';
import { serveProbes } from './probes.ts';
import { concerned, type QueuedRun, queuedRun, stands } from './queue-order.ts';
import { Reconciler } from './reconcile.ts';
import { Watcher, type WatcherOptions } from './watcher.ts';
import { type Outcome, WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  readonly access: ApiAccess;
  /** Stays open when the controller stops: it belongs to the caller. */
  readonly store: Store;
  readonly cronJob: string | undefined;
  /** `*` for all; that of the access by default. */
  readonly watchNamespace?: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly pace?: WatcherOptions<unknown>['pace'];
  readonly relistMs?: number;
  readonly timeoutMs?: number;
}

/** Watches runs and Jobs, and works on each run that changes, until the signal aborts; resolves when it listens. */
export async function startController(
  options: ControllerOptions,
): Promise<{ url: string; closed: Promise<void> }> {
  const controller = new Controller(options);
  const { url, server } = await serveProbes({
    host: options.host,
    port: options.port,
    ages: () => controller.ages(),
    stopping: () => options.signal.aborted,
    metrics: controller.metrics,
  });
  options.log.info(
    { url, namespace: controller.namespace ?? '*', cronJob: options.cronJob },
    'controlling',
  );
  const closed = controller.run(options.signal).finally(async () => {
    const ended = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await ended;
    options.log.info({}, 'stopped');
  });
  return { url, closed };
}

class Controller {
  readonly metrics = new ControllerMetrics();
  /** Null for all. */
  readonly namespace: string | null;
  readonly #scope: Scope;
  readonly #queue: WorkQueue;
  readonly #runs: Watcher<QueuedRun>;
  readonly #jobs: Watcher<JobObject>;
  readonly #reconciler: Reconciler;

  constructor(options: ControllerOptions) {
    const { access, cronJob, store, log, watchNamespace, pace, relistMs } = options;
    this.namespace = watchNamespace === '*' ? null : (watchNamespace ?? access.namespace);
    this.#scope = { home: access.namespace, cronJob, wide: this.namespace === null };
    const client = new ApiClient(
      access,
      (method, status) => {
        this.metrics.answer(method, status);
      },
      options.timeoutMs,
    );
    const watching = {
      client,
      log,
      ...(pace !== undefined && { pace }),
      ...(relistMs !== undefined && { relistMs }),
    };
    this.#runs = new Watcher<QueuedRun>({
      ...watching,
      path: pathOf('runs', this.namespace),
      schema: runObjectSchema.transform((run) => queuedRun(run, cronJob)),
      keyOf: (run) => run,
      onChange: (key, before, after) => {
        this.#onRun(key, before, after);
      },
      onRestart: (why) => {
        this.metrics.restart('runs', why);
      },
    });
    this.#jobs = new Watcher<JobObject>({
      ...watching,
      path: pathOf('jobs', this.namespace),
      schema: jobObjectSchema,
      keyOf: ({ metadata }) => metadata,
      onChange: (_key, before, after) => {
        this.#onJob(before, after);
      },
      onRestart: (why) => {
        this.metrics.restart('jobs', why);
      },
    });
    this.#reconciler = new Reconciler({
      gateway: new KubeGateway(client),
      seen: { runs: () => this.#runs.values(), jobs: () => this.#jobs.values() },
      store,
      scope: this.#scope,
      clock: options.clock ?? systemClock,
      log,
    });
    this.#queue = new WorkQueue({
      work: (key) => this.#pass(key),
      onError: (key, error, tries) => {
        log.warn({ key, tries, err: error }, 'pass failed');
      },
      pauseOf: (error) => (error instanceof ApiError ? error.retryAfterMs : null),
      random: Math.random,
    });
    this.metrics.watch({
      depth: () => this.#queue.depth,
      failing: () => this.#queue.failing,
      ages: () => this.ages(),
      runs: () => this.#states(),
    });
  }

  ages(): Record<string, number> {
    return { runs: this.#runs.age, jobs: this.#jobs.age };
  }

  /** Resolves when the signal aborts and all is at rest. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#runs.run(signal), this.#jobs.run(signal)]);
    await this.#queue.stop();
  }

  async #pass(key: string): Promise<Outcome> {
    // What is not known yet must not be taken for what is not there.
    if (!this.#runs.synced || !this.#jobs.synced) return { requeueAfterMs: 100 };
    // Each Job that is seen for the first time asks for a pass; most are of runs that ended long ago.
    const run = this.#runs.get(key);
    if (run?.settled === true && !run.expires) return { requeueAfterMs: null };
    const [namespace = '', name = ''] = key.split('/');
    const started = performance.now();
    const seconds = (): number => (performance.now() - started) / 1000;
    try {
      const outcome = await this.#reconciler.reconcile({ namespace, name });
      this.metrics.pass(outcome.requeueAfterMs === null ? 'done' : 'later', seconds());
      return outcome;
    } catch (error) {
      this.metrics.pass('error', seconds());
      throw error;
    }
  }

  #onRun(key: string, before: QueuedRun | null, after: QueuedRun | null): void {
    if (after !== null && needsWork(before, after)) this.#queue.add(key);
    if (before !== null && stands(before) !== (after !== null && stands(after))) {
      this.#wake(before.namespace);
    }
  }

  #onJob(before: JobObject | null, after: JobObject | null): void {
    const job = after ?? before;
    if (job === null) return;
    const run = this.#runOf(job);
    const changed = before?.metadata.resourceVersion !== after?.metadata.resourceVersion;
    if (run !== null && changed) this.#queue.add(keyOf(run));
    const was = before !== null && isActive(before);
    if (was !== (after !== null && isActive(after))) this.#wake(job.metadata.namespace);
  }

  /** The run that a Job belongs to, or that is to report on it. */
  #runOf(job: JobObject): Key | null {
    const { namespace, name } = job.metadata;
    const owner = controllerOf(job, 'RecommenderRun');
    if (owner !== undefined) return { namespace, name: owner.name };
    return cronJobInScope(job, this.#scope) === null ? null : { namespace, name };
  }

  /** Somebody's turn may have come. */
  #wake(namespace: string): void {
    for (const run of concerned(namespace, this.#runs.values(), this.#jobs.values())) {
      this.#queue.add(keyOf(run));
    }
  }

  #states(): Record<string, number> {
    let finished = 0;
    for (const run of this.#runs.values()) if (run.finished) finished += 1;
    return { open: this.#runs.size - finished, finished };
  }
}

/** Whether a run is to be looked at: a settled one only to be deleted in time, and progress alone is our own. */
function needsWork(before: QueuedRun | null, after: QueuedRun): boolean {
  if (after.settled) return after.expires && before === null;
  return before === null || JSON.stringify(before) !== JSON.stringify(after);
}
