import { setTimeout as delay } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { Watch } from '@kubernetes/client-node/dist/watch.js';
import type { z } from 'zod';
import type { Log } from '../runtime/log.ts';
import { type ApiClient, ApiError } from './api-client.ts';
import { listPage } from './gateway.ts';
import { keyOf, type Key } from './objects.ts';

/** The library cuts a watch that is silent for 30 s; the server ends it in time, with a last bookmark. */
const WATCH_SECONDS = 25;
/** A list anew now and then, for what a watch may have missed. */
const RELIST_MS = 600_000;
/** A watch that ends at once must not be started again in a loop. */
const GAP_MS = 1000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export interface WatcherOptions<T> {
  readonly client: ApiClient;
  /** Of the list, such as `/apis/batch/v1/namespaces/x/jobs`. */
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly keyOf: (object: T) => Key;
  /** Called after each change of the cache; `before` or `after` is null where there is none. */
  readonly onChange: (key: string, before: T | null, after: T | null) => void;
  readonly onRestart: (why: 'error' | 'gone' | 'ended') => void;
  readonly log: Log;
  /** For tests: least time between two watches, first pause after an error, longest silence. */
  readonly pace?: { readonly gapMs: number; readonly pauseMs: number; readonly silenceMs: number };
  readonly relistMs?: number;
}

/**
 * Keeps a copy of all objects of a kind: lists them, watches for changes, and begins anew however the watch ends. The
 * copy only triggers work; who decides reads the object itself.
 */
export class Watcher<T> {
  readonly #options: WatcherOptions<T>;
  readonly #cache = new Map<string, T>();
  #version: string | null = null;
  #listed = Number.NEGATIVE_INFINITY;
  #contact = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(options: WatcherOptions<T>) {
    this.#options = options;
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  values(): Iterable<T> {
    return this.#cache.values();
  }

  get size(): number {
    return this.#cache.size;
  }

  /** Seconds since the API server was last heard of; Infinity before the first list. */
  get age(): number {
    return (performance.now() - this.#contact) / 1000;
  }

  /** Whether the first list is in the cache. */
  get synced(): boolean {
    return this.#listed !== Number.NEGATIVE_INFINITY;
  }

  /** Resolves when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const started = performance.now();
      const pause = await this.#round(signal);
      const gap = (this.#options.pace?.gapMs ?? GAP_MS) - (performance.now() - started);
      await delay(Math.max(pause, gap, 0), undefined, { signal }).catch(() => undefined);
    }
  }

  /** One list, if one is due, and one watch. Returns how long to pause after it, ms. */
  async #round(signal: AbortSignal): Promise<number> {
    const { onRestart, log, path, pace, relistMs = RELIST_MS } = this.#options;
    try {
      if (this.#version === null || performance.now() - this.#listed > relistMs) {
        await this.#list();
      }
      await this.#watch(signal);
      this.#failures = 0;
      onRestart('ended');
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      if (isGone(error)) {
        this.#version = null;
        onRestart('gone');
        return 0;
      }
      onRestart('error');
      this.#failures += 1;
      // What the server refuses now it may refuse for good at that version.
      if (this.#failures % 3 === 0) this.#version = null;
      log.warn({ path, failures: this.#failures, err: error }, 'watch failed');
      const doubled = (pace?.pauseMs ?? FIRST_PAUSE_MS) * 2 ** (this.#failures - 1);
      const asked = error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
      return Math.max(asked, Math.min(LONGEST_PAUSE_MS, doubled) * (0.5 + Math.random() / 2));
    }
  }

  /** Takes the whole list in, a page at a time; the watch goes on from its version. */
  async #list(): Promise<void> {
    const { client, path } = this.#options;
    const seen = new Set<string>();
    let next: string | undefined;
    let version = '';
    do {
      const page = await listPage(client, path, next);
      for (const item of page.items) {
        const object = this.#parse(item);
        if (object !== null) seen.add(this.#set(object));
      }
      version = page.resourceVersion;
      next = page.next;
    } while (next !== undefined);
    for (const key of [...this.#cache.keys()]) if (!seen.has(key)) this.#remove(key);
    this.#version = version;
    this.#listed = this.#contact = performance.now();
  }

  /** Follows changes until the watch ends; throws as it ended, if not well. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { client, path, pace } = this.#options;
    // It calls two methods of KubeConfig, and the access has both.
    const watch = new Watch(client.access as unknown as KubeConfig);
    if (pace !== undefined) Object.assign(watch, { requestTimeoutMs: pace.silenceMs });
    const ended = Promise.withResolvers<undefined>();
    const query = {
      resourceVersion: this.#version ?? undefined,
      allowWatchBookmarks: true,
      timeoutSeconds: WATCH_SECONDS,
    };
    const failures: Error[] = [];
    const connection = await watch.watch(
      path,
      query,
      (type: string, object: unknown) => {
        const failure = this.#take(type, object);
        if (failure !== null) failures.push(failure);
      },
      (error: unknown) => {
        if (error === null || isSilence(error)) ended.resolve(undefined);
        else
          ended.reject(
            error instanceof Error ? error : new Error('the watch was cut', { cause: error }),
          );
      },
    );
    const abort = (): void => {
      connection.abort();
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      await ended.promise;
    } finally {
      signal.removeEventListener('abort', abort);
    }
    const [failure] = failures;
    if (failure !== undefined) throw failure;
  }

  /** Takes one event in; returns the error that it is, if it is one. */
  #take(type: string, event: unknown): Error | null {
    const metadata = (event as { metadata?: { resourceVersion?: string } }).metadata;
    if (type === 'ERROR') {
      const { code = 0, message = 'the watch ended with an error' } = event as {
        code?: number;
        message?: string;
      };
      return new ApiError(code, '', message);
    }
    this.#contact = performance.now();
    if (metadata?.resourceVersion !== undefined) this.#version = metadata.resourceVersion;
    if (type === 'BOOKMARK') return null;
    const object = this.#parse(event);
    if (object === null) return null;
    if (type === 'DELETED') this.#remove(keyOf(this.#options.keyOf(object)));
    else this.#set(object);
    return null;
  }

  #parse(item: unknown): T | null {
    const parsed = this.#options.schema.safeParse(item);
    if (parsed.success) return parsed.data;
    this.#options.log.error({ err: parsed.error, path: this.#options.path }, 'unreadable object');
    return null;
  }

  #set(object: T): string {
    const key = keyOf(this.#options.keyOf(object));
    const before = this.#cache.get(key) ?? null;
    this.#cache.set(key, object);
    this.#options.onChange(key, before, object);
    return key;
  }

  #remove(key: string): void {
    const before = this.#cache.get(key);
    if (before === undefined) return;
    this.#cache.delete(key);
    this.#options.onChange(key, before, null);
  }
}

/** The library names refusals by `statusCode`, the event by `code`. */
function isGone(error: unknown): boolean {
  const { statusCode, status } = error as { statusCode?: unknown; status?: unknown };
  return statusCode === 410 || status === 410;
}

/** A connection that was silent for too long, which the server cannot have meant. */
const isSilence = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
