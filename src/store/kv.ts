import type { Limit, Limiter } from './limiter.ts';
import type { Entry } from './portions.ts';

/** Time for which a change may be sent again, by the client or after a restart of the server: that long its mark has to stay. */
export const RESENT_SECONDS = 600;

/** One member of a scored set. */
export interface Member {
  readonly name: string;
  readonly score: number;
}

/** A change that is one step for every other client: all of it happens, or nothing. */
export interface Append {
  /** Counter that goes up by one; its new value is the number of the change. */
  readonly counter: string;
  /** Each text becomes a line `NUMBER TEXT` at the end of the key's value, or in place of it. No text has a line break. */
  readonly lines: ReadonlyArray<{
    readonly key: string;
    readonly text: string;
    readonly replaces: boolean;
  }>;
  /** Where the key has a value, nothing happens; else it is set to `NUMBER TEXT` for so many seconds. So it can be sent again. */
  readonly once: { readonly key: string; readonly text: string; readonly seconds: number };
}

/** What came of a change: its number, and the text of the earlier one that stood in its way. */
export interface Appended {
  readonly number: number;
  readonly earlier: string | null;
}

/**
 * The little that the versioned store needs of a backend. Keys are printable ASCII of at most 1,900
 * characters. Every method throws `AppError` with `STORE_UNAVAILABLE`, `STORE_FULL` or `STORE_CORRUPT`.
 */
export interface Kv {
  /** Address without secrets. */
  readonly address: string;
  ping(): Promise<void>;
  get(key: string): Promise<Uint8Array | null>;
  /** Values in the order of the keys. */
  getMany(keys: readonly string[]): Promise<Array<Uint8Array | null>>;
  /** Writes one value; it is visible to every process, and as durable as the backend can make it. */
  put(key: string, value: Uint8Array): Promise<void>;
  /** Writes many values in bounded portions; a failure can leave a part of them. */
  putMany(entries: readonly Entry[]): Promise<void>;
  /**
   * As durable as `put`; what a server in memory has lost after a restart is sent to it again, as long as this process knows that it was
   * not written before.
   */
  append(change: Append): Promise<Appended>;
  delete(key: string): Promise<void>;
  /** Keys that start with the prefix, in portions and in no order; a key that is written meanwhile may come twice. */
  keysWith(prefix: string): AsyncGenerator<string[]>;
  deletePrefix(prefix: string): Promise<void>;
  /** Adds a member to a scored set, or moves it. Sets are small: versions, runs. */
  addMember(set: string, name: string, score: number): Promise<void>;
  removeMember(set: string, name: string): Promise<void>;
  /** Members with the highest score first. */
  members(set: string, limit?: number): Promise<Member[]>;
  /** Starts to write to the disk what the backend holds in memory alone, and does not wait for the end. */
  snapshot(): Promise<void>;
  /** Counts for all processes where the backend serves several machines, else for this one. Never throws. */
  limiter(limit: Limit): Promise<Limiter>;
  close(): Promise<void>;
}
