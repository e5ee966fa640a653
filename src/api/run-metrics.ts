import { setTimeout as delay } from 'node:timers/promises';
import { Gauge, type Registry } from 'prom-client';
import type { RunRecord } from '../contracts/run.ts';
import type { Store } from '../store/store.ts';
import { withDeadline } from './deadline.ts';

/** Records to look through for the last success. */
const LOOKED_AT = 50;
const MIB = 1024 * 1024;
const SUCCESS: ReadonlySet<RunRecord['state']> = new Set(['succeeded', 'skipped']);

const seconds = (time: string): number => Date.parse(time) / 1000;

/** What the records in the store tell of trainings, as metrics: a training has no server to scrape. */
export class RunMetrics {
  readonly #store: Store;
  #runs: readonly RunRecord[] = [];

  constructor(store: Store, registry: Registry) {
    this.#store = store;
    const registers = [registry];
    const gauge = <L extends string>(
      name: string,
      help: string,
      labelNames: readonly L[],
      set: (gauge: Gauge<L>, last: RunRecord) => void,
    ): void => {
      const last = (): RunRecord | undefined => this.#runs.find((run) => run.finishedAt !== null);
      const collect = function (this: Gauge<L>): void {
        this.reset();
        const run = last();
        if (run !== undefined) set(this, run);
      };
      new Gauge({ name, help, labelNames: [...labelNames], registers, collect });
    };
    const runs = (): readonly RunRecord[] => this.#runs;
    gauge(
      'bookrec_run_last_success_timestamp_seconds',
      'End of the last training that succeeded or had nothing to do',
      [],
      (to) => {
        const last = runs().find(({ state }) => SUCCESS.has(state));
        if (last !== undefined && last.finishedAt !== null) to.set(seconds(last.finishedAt));
      },
    );
    gauge(
      'bookrec_run_last_end_timestamp_seconds',
      'End of the last training, by how it ended',
      ['state'],
      (to, last) => {
        if (last.finishedAt !== null) to.set({ state: last.state }, seconds(last.finishedAt));
      },
    );
    gauge(
      'bookrec_run_phase_seconds',
      'Seconds of the last training, by phase',
      ['phase'],
      (to, last) => {
        for (const [phase, took] of Object.entries(last.seconds)) to.set({ phase }, took);
      },
    );
    gauge('bookrec_run_rows', 'Rows that the last training read, by kind', ['kind'], (to, last) => {
      if (last.data === null) return;
      to.set({ kind: 'ratings' }, last.data.counts.ratings);
      to.set({ kind: 'interactions' }, last.data.counts.interactions);
    });
    gauge('bookrec_run_sweeps', 'Sweeps of the last training', [], (to, last) => {
      to.set(last.progress.sweep);
    });
    gauge('bookrec_run_peak_memory_bytes', 'Most memory of the last training', [], (to, last) => {
      if (last.peakMemoryMiB !== null) to.set(last.peakMemoryMiB * MIB);
    });
    new Gauge({
      name: 'bookrec_runs_running',
      help: 'Trainings that go on',
      registers,
      collect() {
        this.set(runs().filter(({ state }) => state === 'running').length);
      },
    });
  }

  /** Reads the records once; while the store is away those before stay. */
  async read(): Promise<void> {
    try {
      this.#runs = await withDeadline(this.#store.runs(LOOKED_AT));
    } catch {
      // The live model, which asks the same store far more often, counts and logs it.
    }
  }

  /** Reads again and again until the signal aborts. */
  async follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.read();
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }
}
