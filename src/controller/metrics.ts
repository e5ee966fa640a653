import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const PASS_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30];

/** What the gauges look at when they are scraped. */
export interface Watched {
  readonly depth: () => number;
  readonly failing: () => number;
  /** Seconds since the API server was last heard of, by kind. */
  readonly ages: () => Readonly<Record<string, number>>;
  /** Runs by what they are at. */
  readonly runs: () => Readonly<Record<string, number>>;
}

/** The controller's metrics. */
export class ControllerMetrics {
  readonly registry = new Registry();
  readonly #passes = new Histogram({
    name: 'bookrec_controller_reconcile_seconds',
    help: 'Seconds of one pass over one run, by result: done, later or error',
    labelNames: ['result'],
    buckets: PASS_BUCKETS,
    registers: [this.registry],
  });
  readonly #answers = new Counter({
    name: 'bookrec_controller_api_answers_total',
    help: 'Answers of the API server, by method and status; 0 for none',
    labelNames: ['method', 'status'],
    registers: [this.registry],
  });
  readonly #restarts = new Counter({
    name: 'bookrec_controller_watch_restarts_total',
    help: 'Watches begun anew, by kind and why: ended, gone or error',
    labelNames: ['kind', 'why'],
    registers: [this.registry],
  });

  pass(result: 'done' | 'later' | 'error', seconds: number): void {
    this.#passes.observe({ result }, seconds);
  }

  answer(method: string, status: number): void {
    this.#answers.inc({ method, status: String(status) });
  }

  restart(kind: string, why: string): void {
    this.#restarts.inc({ kind, why });
  }

  /** Gauges that look when they are scraped, and those of the process. */
  watch({ depth, failing, ages, runs }: Watched): void {
    const registers = [this.registry];
    new Gauge({
      name: 'bookrec_controller_queue_depth',
      help: 'Runs that wait for a pass now',
      registers,
      collect() {
        this.set(depth());
      },
    });
    new Gauge({
      name: 'bookrec_controller_failing',
      help: 'Runs whose last pass failed and is tried again',
      registers,
      collect() {
        this.set(failing());
      },
    });
    new Gauge({
      name: 'bookrec_controller_watch_age_seconds',
      help: 'Seconds since the API server was last heard of, by kind',
      labelNames: ['kind'],
      registers,
      collect() {
        for (const [kind, age] of Object.entries(ages())) this.set({ kind }, age);
      },
    });
    new Gauge({
      name: 'bookrec_controller_runs',
      help: 'RecommenderRuns, by state: open or finished',
      labelNames: ['state'],
      registers,
      collect() {
        for (const [state, count] of Object.entries(runs())) this.set({ state }, count);
      },
    });
    collectDefaultMetrics({ register: this.registry });
  }
}
