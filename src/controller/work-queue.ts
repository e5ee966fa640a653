/** When a key is to be worked on again: after some time, or not before it is added again. */
export interface Outcome {
  readonly requeueAfterMs: number | null;
}

export interface QueueOptions {
  /** Works on one key; what it throws is tried again after a pause. */
  readonly work: (key: string) => Promise<Outcome>;
  readonly onError: (key: string, error: unknown, tries: number) => void;
  /** Keys worked on at once. */
  readonly workers?: number;
  /** The pause that an error asks for, ms; null for the usual one. */
  readonly pauseOf?: (error: unknown) => number | null;
  /** From 0 to 1. */
  readonly random?: () => number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/**
 * A queue of keys: each is in it once, however often it is added, and is never worked on twice at once. A key that is
 * added while it is worked on comes again afterwards. Errors make it come again after a growing pause.
 */
export class WorkQueue {
  readonly #options: Required<QueueOptions>;
  readonly #ready = new Set<string>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #timers = new Map<string, { readonly due: number; readonly cancel: () => void }>();
  readonly #tries = new Map<string, number>();
  #stopped = false;

  constructor(options: QueueOptions) {
    this.#options = { workers: 4, pauseOf: () => null, random: () => 0.5, ...options };
  }

  /** Keys that wait to be worked on now. */
  get depth(): number {
    return this.#ready.size;
  }

  /** Keys whose last pass failed. */
  get failing(): number {
    return this.#tries.size;
  }

  add(key: string): void {
    if (this.#stopped) return;
    this.#cancel(key);
    this.#ready.add(key);
    this.#next();
  }

  /** Adds the key after that time; of two such times the earlier counts. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    const due = performance.now() + ms;
    const before = this.#timers.get(key);
    if (before !== undefined && before.due <= due) return;
    this.#cancel(key);
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      this.add(key);
    }, ms);
    const cancel = (): void => {
      clearTimeout(timer);
    };
    this.#timers.set(key, { due, cancel });
  }

  /** Takes no more work, and resolves when that under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#ready.clear();
    for (const key of [...this.#timers.keys()]) this.#cancel(key);
    await Promise.all(this.#busy.values());
  }

  #cancel(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  #next(): void {
    for (const key of this.#ready) {
      if (this.#busy.size >= this.#options.workers) return;
      if (this.#busy.has(key)) continue;
      this.#ready.delete(key);
      this.#busy.set(key, this.#pass(key));
    }
  }

  async #pass(key: string): Promise<void> {
    try {
      const { requeueAfterMs } = await this.#options.work(key);
      this.#tries.delete(key);
      if (requeueAfterMs !== null && !this.#ready.has(key)) this.addAfter(key, requeueAfterMs);
    } catch (error) {
      const tries = (this.#tries.get(key) ?? 0) + 1;
      this.#tries.set(key, tries);
      this.#options.onError(key, error, tries);
      if (!this.#ready.has(key)) this.addAfter(key, this.#pause(error, tries));
    } finally {
      this.#busy.delete(key);
      if (!this.#stopped) this.#next();
    }
  }

  /** Doubles with each try; half of it is by chance, so that keys which failed together do not come back so. */
  #pause(error: unknown, tries: number): number {
    const { pauseOf, random } = this.#options;
    const usual = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
    return Math.max(pauseOf(error) ?? 0, usual * (0.5 + random() / 2));
  }
}
