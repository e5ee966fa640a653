import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { AppError } from '../runtime/errors.ts';
import type { Snapshot } from './live-model.ts';

const REQUEST_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const FOLD_IN_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5];

interface Observer {
  observe(value: number): void;
}

/** The API's metrics in a registry of their own, so that two applications do not collide. */
export class ApiMetrics {
  readonly registry = new Registry();
  readonly foldInSeconds = new Histogram({
    name: 'bookrec_fold_in_seconds',
    help: 'Seconds of one fold-in with its list',
    buckets: FOLD_IN_BUCKETS,
    registers: [this.registry],
  });
  readonly #requests = new Histogram({
    name: 'bookrec_http_request_duration_seconds',
    help: 'Seconds from the parsed request to the written answer',
    labelNames: ['route', 'method', 'status'],
    buckets: REQUEST_BUCKETS,
    registers: [this.registry],
  });
  readonly #answers = new Counter({
    name: 'bookrec_answers_total',
    help: 'Lists answered, by where they come from',
    labelNames: ['source'],
    registers: [this.registry],
  });
  readonly #storeErrors = new Counter({
    name: 'bookrec_store_errors_total',
    help: 'Failed calls of the store, by error code',
    labelNames: ['code'],
    registers: [this.registry],
  });
  readonly #storeCalls = new Histogram({
    name: 'bookrec_store_call_duration_seconds',
    help: 'Seconds of calls of the store, failed ones too',
    labelNames: ['call'],
    buckets: REQUEST_BUCKETS,
    registers: [this.registry],
  });
  readonly #shed = new Counter({
    name: 'bookrec_http_requests_shed_total',
    help: 'Requests refused because too many were at work',
    registers: [this.registry],
  });
  readonly #feedback = new Counter({
    name: 'bookrec_feedback_total',
    help: 'Ratings taken as feedback, by the version that was live',
    labelNames: ['version'],
    registers: [this.registry],
  });
  readonly #checked = new Counter({
    name: 'bookrec_feedback_checked_total',
    help: 'First ratings of a book by a reader, which were compared with what had been predicted',
    labelNames: ['version'],
    registers: [this.registry],
  });
  readonly #within = new Counter({
    name: 'bookrec_feedback_within_total',
    help: 'Those of them that lay within the predicted interval, by its share',
    labelNames: ['version', 'interval'],
    registers: [this.registry],
  });
  readonly #observers = new Map<string, Observer>();

  /** One answered request. Label sets are bound once, since looking them up costs more than counting. */
  request(route: string, method: string, status: number, seconds: number): void {
    const key = `${method} ${route} ${String(status)}`;
    let observer = this.#observers.get(key);
    if (observer === undefined) {
      observer = this.#requests.labels(route, method, String(status));
      this.#observers.set(key, observer);
    }
    observer.observe(seconds);
  }

  answered(source: string): void {
    this.#answers.inc({ source });
  }

  /** Ratings that were stored. */
  feedbackTaken(version: string, ratings: number): void {
    this.#feedback.inc({ version }, ratings);
  }

  /** A rating beside its prediction: the intervals that held it, of those that were looked at. */
  feedbackChecked(
    version: string,
    holds: ReadonlyArray<{ interval: string; within: boolean }>,
  ): void {
    this.#checked.inc({ version });
    for (const { interval, within } of holds) {
      this.#within.inc({ version, interval }, within ? 1 : 0);
    }
  }

  shed(): void {
    this.#shed.inc();
  }

  /** What takes the seconds of a call of the store. */
  storeCall(call: string): (seconds: number) => void {
    const observer = this.#storeCalls.labels(call);
    return (seconds) => {
      observer.observe(seconds);
    };
  }

  storeError(error: unknown): void {
    this.#storeErrors.inc({ code: error instanceof AppError ? error.code : 'INTERNAL' });
  }

  /** Gauges that look at the live model when they are scraped. */
  watch(snapshot: () => Snapshot, now: () => Date): void {
    const registers = [this.registry];
    new Gauge({
      name: 'bookrec_model_info',
      help: '1 for the version in memory',
      labelNames: ['version'],
      registers,
      collect() {
        this.reset();
        const { version } = snapshot();
        if (version !== null) this.set({ version: version.id }, 1);
      },
    });
    new Gauge({
      name: 'bookrec_model_age_seconds',
      help: 'Seconds since the version in memory was made; absent before the first one',
      labelNames: ['version'],
      registers,
      collect() {
        this.reset();
        const { version } = snapshot();
        if (version === null) return;
        const made = Date.parse(version.manifest.createdAt);
        this.set({ version: version.id }, (now().getTime() - made) / 1000);
      },
    });
    new Gauge({
      name: 'bookrec_model_coverage',
      help: 'Share of held-out ratings within an interval of the version in memory, by what it promises',
      labelNames: ['interval'],
      registers,
      collect() {
        this.reset();
        const coverage = snapshot().version?.manifest.metrics.model.coverage;
        if (coverage === undefined) return;
        this.set({ interval: '0.5' }, coverage.p50);
        this.set({ interval: '0.8' }, coverage.p80);
        this.set({ interval: '0.9' }, coverage.p90);
        this.set({ interval: '0.95' }, coverage.p95);
      },
    });
    const { liveCoverage } = this;
    new Gauge({
      name: 'bookrec_feedback_coverage',
      help: 'Share of the compared ratings within the predicted interval, since the start of this process',
      labelNames: ['version', 'interval'],
      registers,
      async collect() {
        this.reset();
        for (const { labels, share } of await liveCoverage()) this.set(labels, share);
      },
    });
    new Gauge({
      name: 'bookrec_model_error',
      help: 'Error of the version in memory on held-out ratings, by measure',
      labelNames: ['measure'],
      registers,
      collect() {
        this.reset();
        const metrics = snapshot().version?.manifest.metrics.model;
        if (metrics === undefined) return;
        this.set({ measure: 'rmse' }, metrics.rmse);
        this.set({ measure: 'mae' }, metrics.mae);
      },
    });
    new Gauge({
      name: 'bookrec_degraded',
      help: '1 while a model is served without its store',
      registers,
      collect() {
        this.set(snapshot().degraded ? 1 : 0);
      },
    });
  }

  /** Coverage of the feedback so far, by version and interval. */
  readonly liveCoverage = async (): Promise<
    Array<{ labels: Record<string, string>; share: number }>
  > => {
    const checked = await this.#checked.get();
    const total = new Map(checked.values.map(({ labels, value }) => [labels.version, value]));
    const within = await this.#within.get();
    return within.values.map(({ labels: { version = '', interval = '' }, value }) => ({
      labels: { version: String(version), interval: String(interval) },
      share: value / (total.get(version) ?? Number.NaN),
    }));
  };

  /** Adds memory, CPU and event-loop lag of the process. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
  }
}
