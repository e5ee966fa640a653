import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';

/** Time from a change to the snapshot that holds it, and all that came meanwhile. */
const DELAY_MS = 60_000;

/** Has a store that keeps all in memory write a snapshot soon after feedback, and not all the time. */
export class SnapshotAfter {
  readonly #store: Store;
  readonly #log: Log;
  readonly #delayMs: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(store: Store, log: Log, delayMs = DELAY_MS) {
    this.#store = store;
    this.#log = log;
    this.#delayMs = delayMs;
  }

  /** Something was written that no snapshot has yet. */
  changed(): void {
    this.#timer ??= setTimeout(() => void this.#take(), this.#delayMs).unref();
  }

  /** Does not leave the last changes to a process that is gone. */
  async close(): Promise<void> {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    await this.#take();
  }

  async #take(): Promise<void> {
    this.#timer = null;
    try {
      await this.#store.snapshot();
    } catch (err) {
      this.#log.warn({ err }, 'the store could not be told to write a snapshot');
      this.changed();
    }
  }
}
