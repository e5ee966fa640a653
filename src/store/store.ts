import type { Manifest } from '../contracts/manifest.ts';
import type { RunRecord } from '../contracts/run.ts';
import type { RankedList } from '../model/ranked-list.ts';
import type { Limit, Limiter } from './limiter.ts';
import type { FeedbackRow, ReaderFeedback } from './reader-feedback.ts';

/** All that a version keeps of one reader, one key in the store. */
export interface ReaderRecord {
  /** `personal` if any rating of the reader was used, else `prior`. */
  readonly source: 'personal' | 'prior';
  readonly list: RankedList;
  /** Reader-side label indices, one list over all families (see the model's artefact). */
  readonly labels: Uint32Array;
  /** Rated books (catalogue index) with the ratings. */
  readonly ratedBook: Uint32Array;
  readonly ratedValue: Float32Array;
  /** Books met without a rating. */
  readonly unratedBook: Uint32Array;
}

/**
 * A piece of a version as it is stored, small enough to be held in memory. Pieces of one artefact
 * follow each other; readers come in the order of their ids.
 */
export type VersionPart =
  | { readonly kind: 'artefact'; readonly name: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'readers';
      readonly ids: readonly string[];
      /** Encoded records, one an id. */
      readonly records: readonly Uint8Array[];
    };

/** Writes one version; nothing is visible to readers before `Store.setLive`. */
export interface VersionWriter {
  readonly version: string;
  putReaders(batch: ReadonlyArray<readonly [id: string, record: ReaderRecord]>): Promise<void>;
  /** Named binary artefact of the version, such as `catalogue` or `model`; any size. */
  putBlob(name: string, bytes: Uint8Array): Promise<void>;
  /** Writes what `Store.parts` has given, as it is. */
  putPart(part: VersionPart): Promise<void>;
  /** Reads a sample back, then writes the manifest: only now the version is complete. */
  commit(manifest: Manifest): Promise<void>;
  /** Removes all that was written. */
  abort(): Promise<void>;
}

/** A name under which a request is carried out once, within a time. */
export interface Once {
  readonly name: string;
  /** What the request asks for, in short: another one under the same name can be told from it. */
  readonly request: string;
  readonly seconds: number;
}

/** What came of feedback. */
export interface FeedbackTaken {
  /** Number of the change; it rises with every change. */
  readonly revision: number;
  /** `request` of the earlier one under the same name, which was carried out instead; null for the first. */
  readonly earlier: string | null;
}

/** What was forgotten of a reader. */
export interface Erasure {
  readonly revision: number;
  /** Ratings given as feedback. */
  readonly feedback: number;
  /** Versions that had a list and ratings of the reader. */
  readonly versions: readonly string[];
}

/**
 * Versioned models behind one interface, for LMDB and for Redis or Dragonfly.
 * Every method throws `AppError` with `STORE_UNAVAILABLE`, `STORE_FULL` or `STORE_CORRUPT`.
 */
export interface Store {
  /** Address without secrets, for logs. */
  readonly address: string;
  ping(): Promise<void>;
  /** Throws `VERSION_EXISTS` if the version is complete or another writer is at work on it. */
  begin(version: string): Promise<VersionWriter>;
  /** Flips the pointer; throws `VERSION_NOT_FOUND` if the version has no manifest. */
  setLive(version: string): Promise<void>;
  liveVersion(): Promise<string | null>;
  /** Complete versions, newest first. */
  versions(): Promise<Manifest[]>;
  manifest(version: string): Promise<Manifest | null>;
  /** Throws `VERSION_IS_LIVE` or `VERSION_NOT_FOUND`. */
  deleteVersion(version: string): Promise<void>;
  /**
   * Deletes the oldest complete versions beyond `keep`, and those left behind: without a readable
   * manifest and, for 10 minutes, without a write. Never the live one. Returns what went. Also deletes the checkpoints that
   * are older than a week.
   */
  prune(keep: number): Promise<string[]>;
  reader(version: string, id: string): Promise<ReaderRecord | null>;
  /** What a reader has said since the data were collected; it belongs to no version. */
  feedback(reader: string): Promise<ReaderFeedback | null>;
  /** Adds ratings, all or none, before it resolves: every process sees them from then on. */
  addFeedback(rows: readonly FeedbackRow[], once: Once): Promise<FeedbackTaken>;
  /** Number of the last change of feedback; 0 before the first. */
  feedbackRevision(): Promise<number>;
  /** Feedback of all readers, in no order, each once. */
  allFeedback(): AsyncGenerator<ReaderFeedback>;
  /**
   * Removes feedback, ratings and lists of a reader from all versions. What stays is that it was asked for, at `time` (seconds
   * since 1970), so that trainings leave the reader's rows out and what they have published meanwhile is not used.
   */
  eraseReader(reader: string, time: number): Promise<Erasure>;
  /** Ids of readers with a record, in id order (bytewise), after `after` (exclusive). */
  readerIds(version: string, page: { after: string | null; limit: number }): Promise<string[]>;
  blob(version: string, name: string): Promise<Uint8Array | null>;
  /**
   * All that a version consists of beside its manifest: the same pieces in the same order from every
   * backend. Throws `VERSION_NOT_FOUND`, also if the version is deleted meanwhile, and
   * `STORE_CORRUPT` for a record that cannot be read.
   */
  parts(version: string): AsyncGenerator<VersionPart>;
  /** Keeps where a training stands under a name that says what it computes; replaces what was kept. */
  putCheckpoint(training: string, bytes: Uint8Array): Promise<void>;
  /** Null if there is none. */
  checkpoint(training: string): Promise<Uint8Array | null>;
  deleteCheckpoint(training: string): Promise<void>;
  putRun(run: RunRecord): Promise<void>;
  /** As `lost` if it says `running` and was not written for 10 minutes. */
  run(id: string): Promise<RunRecord | null>;
  /** Newest first, those that started before the run `after`; each as `run` gives it. None if `after` is unknown. */
  runs(limit: number, after?: string): Promise<RunRecord[]>;
  /** Starts to write a snapshot where the backend keeps all in memory, and does not wait for its end. */
  snapshot(): Promise<void>;
  /** Counts what clients spend: for all processes with Redis or Dragonfly, for this one with LMDB or while those are away. */
  limiter(limit: Limit): Promise<Limiter>;
  close(): Promise<void>;
}
