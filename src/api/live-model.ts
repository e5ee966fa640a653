import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../contracts/manifest.ts';
import type { Clock } from '../runtime/clock.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { BOOK_COUNTS_BLOB, decodeBookCounts } from '../store/book-counts-codec.ts';
import { CATALOGUE_BLOB, type Catalogue } from '../store/catalogue-codec.ts';
import type { Store } from '../store/store.ts';
import type { Recommender } from '../model/recommender.ts';
import { withDeadline } from './deadline.ts';
import { EarlierVersion } from './earlier-version.ts';
import { LiveVersion } from './live-version.ts';

/** How the artefacts of a version are read. */
export interface VersionCodec {
  catalogue(bytes: Uint8Array): Catalogue;
  model(bytes: Uint8Array): Recommender;
}

/** What one request sees; never changes under it. */
export interface Snapshot {
  readonly version: LiveVersion | null;
  /** Whether it is known what is live: a version has been loaded, or there is none yet. */
  readonly known: boolean;
  /** The store is away or has lost the pointer, so that stored lists cannot be read. */
  readonly degraded: boolean;
  /** Nothing is in memory, and the live version was made by another release. */
  readonly isForeign?: true;
}

export interface LiveModelOptions {
  readonly store: Store;
  readonly codec: VersionCodec;
  readonly log: Log;
  readonly clock: Clock;
  readonly onStoreError: (error: unknown) => void;
}

const FIRST_RETRY_SECONDS = 1;
const LAST_RETRY_SECONDS = 30;

/** A version that could not be loaded, and when to try again. */
interface Refused {
  readonly version: string;
  readonly waitSeconds: number;
  readonly retryAt: number;
}

/** Holds the live version in memory and follows the store's pointer. */
export class LiveModel {
  readonly #options: LiveModelOptions;
  readonly #earlier: EarlierVersion;
  #snapshot: Snapshot = { version: null, known: false, degraded: false };
  /** The last look at the pointer failed. */
  #away = false;
  #refused: Refused | null = null;

  constructor(options: LiveModelOptions) {
    this.#options = options;
    this.#earlier = new EarlierVersion((id) => this.#readKept(id), options.clock);
  }

  snapshot(): Snapshot {
    return this.#snapshot;
  }

  /**
   * A version that is not live, for who turns its pages; null where the store has it no more. Throws what the store throws, within
   * the deadline, and `OVERLOADED` while pages of yet another one are turned.
   */
  earlier(id: string): Promise<LiveVersion | null> {
    return this.#earlier.get(id);
  }

  /** Looks at the pointer once and loads what it names. Never throws: what fails is logged and counted. */
  async poll(): Promise<void> {
    this.#earlier.forgetIdle();
    let pointer: string | null;
    try {
      pointer = await withDeadline(this.#options.store.liveVersion());
    } catch (error) {
      this.#storeAway(error);
      return;
    }
    if (this.#away) this.#options.log.info({}, 'store answers again');
    this.#away = false;
    const { version } = this.#snapshot;
    if (pointer === null || pointer === version?.id) {
      this.#see(version, version !== null && pointer === null);
      return;
    }
    // Until the new version is in memory the old one goes on; its records are still in the store.
    if (version !== null) this.#see(version, false);
    if (!this.#mustWait(pointer)) await this.#load(pointer);
  }

  /** Polls until the signal aborts. */
  async follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.poll();
      await delay(intervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #load(pointer: string): Promise<void> {
    const { clock, log } = this.#options;
    const started = clock.seconds();
    try {
      const before = this.#snapshot.version;
      const kept = this.#earlier.peek(pointer);
      // Not three versions at a time.
      if (kept === null) this.#earlier.forget();
      const version = kept ?? (await this.#read(pointer));
      this.#refused = null;
      version.prepare();
      this.#see(version, false);
      if (before !== null) this.#earlier.hold(before);
      log.info({ version: pointer, seconds: clock.seconds() - started }, 'model loaded');
    } catch (error) {
      this.#refuse(pointer);
      if (this.#snapshot.version === null && isForeign(error)) {
        // not ready, so that replicas of the other release go on in an upgrade until a training has published
        this.#snapshot = { version: null, known: false, degraded: false, isForeign: true };
      }
      this.#options.onStoreError(error);
      log.error({ err: error, version: pointer }, 'live model cannot be loaded');
    }
  }

  async #read(pointer: string): Promise<LiveVersion> {
    const { store, codec } = this.#options;
    const [manifest, catalogueBytes, model, counts] = await Promise.all([
      store.manifest(pointer),
      store.blob(pointer, CATALOGUE_BLOB),
      store.blob(pointer, 'model'),
      store.blob(pointer, BOOK_COUNTS_BLOB),
    ]);
    const catalogue = codec.catalogue(present(catalogueBytes, pointer, 'catalogue'));
    const recommender = codec.model(present(model, pointer, 'model'));
    const books = catalogue.ids.length;
    return new LiveVersion(
      present<Manifest>(manifest, pointer, 'manifest'),
      catalogue,
      recommender,
      counts === null ? null : decodeBookCounts(counts, books, recommender.levels.length),
    );
  }

  /** A version that is kept beside the live one; null where there is none of this name. */
  async #readKept(id: string): Promise<LiveVersion | null> {
    const { store, onStoreError } = this.#options;
    const isThere = async (): Promise<boolean> => (await withDeadline(store.manifest(id))) !== null;
    try {
      return (await isThere()) ? await this.#read(id) : null;
    } catch (error) {
      // It may have been deleted meanwhile, the manifest first.
      if (!(await isThere().catch(() => true))) return null;
      onStoreError(error);
      throw error;
    }
  }

  #storeAway(error: unknown): void {
    this.#options.onStoreError(error);
    const { version, known } = this.#snapshot;
    if (!this.#away) this.#options.log.warn({ err: error }, 'store does not answer');
    this.#away = true;
    this.#snapshot = { version, known, degraded: version !== null };
  }

  #see(version: LiveVersion | null, degraded: boolean): void {
    this.#snapshot = { version, known: true, degraded };
  }

  #mustWait(pointer: string): boolean {
    const refused = this.#refused;
    if (refused?.version !== pointer) return false;
    return this.#options.clock.seconds() < refused.retryAt;
  }

  #refuse(version: string): void {
    const before = this.#refused?.version === version ? this.#refused.waitSeconds : null;
    const waitSeconds =
      before === null ? FIRST_RETRY_SECONDS : Math.min(2 * before, LAST_RETRY_SECONDS);
    // Not all replicas at the same moment.
    const pause = waitSeconds * (0.5 + 0.5 * Math.random());
    this.#refused = { version, waitSeconds, retryAt: this.#options.clock.seconds() + pause };
  }
}

function present<T>(value: T | null, version: string, name: string): T {
  if (value !== null) return value;
  throw new AppError(
    'STORE_CORRUPT',
    `Version ${version} has no ${name}`,
    'Train again, or roll back with `bookrec models rollback`.',
  );
}

function isForeign(error: unknown): boolean {
  return error instanceof AppError && error.code === 'VERSION_FOREIGN';
}

/** The version in memory; throws `NOT_TRAINED`, or `STORE_UNAVAILABLE` when nobody could look yet. */
export function trained(snapshot: Snapshot): LiveVersion {
  if (snapshot.version !== null) return snapshot.version;
  if (snapshot.known || snapshot.isForeign) {
    throw new AppError(
      'NOT_TRAINED',
      snapshot.isForeign
        ? 'Model not trained yet: the live version was made by another release, and this one cannot read it.'
        : 'Model not trained yet: no version has been published.',
      'Run `bookrec train`, and ask again when it has ended.',
    );
  }
  throw new AppError(
    'STORE_UNAVAILABLE',
    'No model could be read from the store since the start.',
    'Check that the store is up, that STORE_URL names it, and what the log says.',
  );
}
