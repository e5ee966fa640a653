import { type Manifest, manifestSchema } from '../contracts/manifest.ts';
import { type RunRecord, runSchema } from '../contracts/run.ts';
import type { z } from 'zod';
import { AppError } from '../runtime/errors.ts';
import { readBlob } from './blobs.ts';
import { allFeedback, eraseFeedback, forget, notForgotten } from './erasure.ts';
import {
  dropCheckpoint,
  pruneCheckpoints,
  readCheckpoint,
  writeCheckpoint,
} from './checkpoints.ts';
import {
  FEEDBACK_COUNTER,
  feedbackKey,
  LIVE_KEY,
  manifestKey,
  onceKey,
  readerKey,
  runKey,
  RUNS_SET,
  versionPrefix,
  VERSIONS_SET,
} from './keys.ts';
import type { Kv, Member } from './kv.ts';
import { decodeReader } from './reader-codec.ts';
import type { Limit, Limiter } from './limiter.ts';
import { asLostIfSilent } from './lost-run.ts';
import { listIds } from './reader-ids.ts';
import {
  type FeedbackRow,
  feedbackLines,
  parseFeedback,
  type ReaderFeedback,
} from './reader-feedback.ts';
import type {
  Erasure,
  FeedbackTaken,
  Once,
  ReaderRecord,
  Store,
  VersionPart,
  VersionWriter,
} from './store.ts';
import { corrupt } from './store-error.ts';
import { versionParts } from './version-parts.ts';
import { beginVersion, type Lease } from './version-writer.ts';

/** Records of runs that are kept: at four a day, two months. */
export const RUNS_KEPT = 250;

/** The store's rules about versions, over any backend. */
export class VersionedStore implements Store {
  readonly address: string;
  readonly #kv: Kv;
  readonly #lease: Lease;

  constructor(kv: Kv, lease: Lease) {
    this.address = kv.address;
    this.#kv = kv;
    this.#lease = lease;
  }

  ping(): Promise<void> {
    return this.#kv.ping();
  }

  async begin(version: string): Promise<VersionWriter> {
    const members = await this.#kv.members(VERSIONS_SET);
    const known = members.find(({ name }) => name === version);
    if (known !== undefined) {
      const complete = (await this.manifest(version)) !== null;
      if (complete || known.score > this.#lease.now()) throw exists(version);
      await this.#kv.deletePrefix(versionPrefix(version));
    }
    return beginVersion(this.#kv, version, this.#lease);
  }

  async setLive(version: string): Promise<void> {
    const before = await this.#kv.get(LIVE_KEY);
    if ((await this.manifest(version)) === null) throw notFound(version);
    await this.#kv.put(LIVE_KEY, Buffer.from(version, 'utf8'));
    // A deletion that ran meanwhile either sees the new pointer or has removed the manifest by now.
    if ((await this.manifest(version)) !== null) return;
    if (before === null) await this.#kv.delete(LIVE_KEY);
    else await this.#kv.put(LIVE_KEY, before);
    throw notFound(version);
  }

  async liveVersion(): Promise<string | null> {
    const value = await this.#kv.get(LIVE_KEY);
    return value === null ? null : asText(value);
  }

  async versions(): Promise<Manifest[]> {
    const { complete } = await this.#census();
    return complete;
  }

  async manifest(version: string): Promise<Manifest | null> {
    const value = await this.#kv.get(manifestKey(version));
    return value === null ? null : parseJson(manifestSchema, value, `manifest of ${version}`);
  }

  async deleteVersion(version: string): Promise<void> {
    const manifest = await this.#kv.get(manifestKey(version));
    if (manifest === null) throw notFound(version);
    await this.#delete(version, manifest);
  }

  async prune(keep: number): Promise<string[]> {
    const { complete, unusable } = await this.#census();
    const live = await this.liveVersion();
    const now = this.#lease.now();
    const gone: string[] = [];
    for (const { name, score } of unusable) {
      if (score > now || name === live) continue;
      await this.#delete(name, null);
      gone.push(name);
    }
    for (const { version } of complete.slice(Math.max(0, keep))) {
      const manifest = await this.#kv.get(manifestKey(version));
      // Another process may prune at the same time.
      if (version === live || manifest === null) continue;
      await this.#delete(version, manifest);
      gone.push(version);
    }
    await pruneCheckpoints(this.#kv, now);
    return gone;
  }

  async reader(version: string, id: string): Promise<ReaderRecord | null> {
    // Such an id cannot be stored, and its bytes would be those of another one.
    if (!id.isWellFormed()) return null;
    const value = await this.#kv.get(readerKey(version, id));
    return value === null ? null : decodeReader(value);
  }

  async feedback(reader: string): Promise<ReaderFeedback | null> {
    if (!reader.isWellFormed()) return null;
    const value = await this.#kv.get(feedbackKey(reader));
    return value === null ? null : parseFeedback(value);
  }

  async addFeedback(rows: readonly FeedbackRow[], once: Once): Promise<FeedbackTaken> {
    const { number, earlier } = await this.#kv.append({
      counter: FEEDBACK_COUNTER,
      lines: feedbackLines(rows),
      once: { key: onceKey(once.name), text: once.request, seconds: once.seconds },
    });
    return { revision: number, earlier };
  }

  async feedbackRevision(): Promise<number> {
    const value = await this.#kv.get(FEEDBACK_COUNTER);
    return value === null ? 0 : Number(asText(value));
  }

  allFeedback(): AsyncGenerator<ReaderFeedback> {
    return allFeedback(this.#kv);
  }

  async eraseReader(reader: string, time: number): Promise<Erasure> {
    const erased = await eraseFeedback(this.#kv, reader, time);
    // After the mark: what is written from now on is not used, and its commit leaves it out.
    const versions = await this.#kv.members(VERSIONS_SET);
    const had = [];
    for (const { name } of versions) if (await forget(this.#kv, name, reader)) had.push(name);
    return { ...erased, versions: had.sort() };
  }

  async readerIds(
    version: string,
    page: { after: string | null; limit: number },
  ): Promise<string[]> {
    const read = (await this.manifest(version))?.feedback ?? 0;
    const kept: string[] = [];
    for (let { after } = page; kept.length < page.limit;) {
      const ids = await listIds(this.#kv, version, after, page.limit - kept.length);
      const last = ids.at(-1);
      if (last === undefined) break;
      kept.push(...(await notForgotten(this.#kv, ids, read)));
      after = last;
    }
    return kept;
  }

  blob(version: string, name: string): Promise<Uint8Array | null> {
    return readBlob(this.#kv, versionPrefix(version), name);
  }

  async *parts(version: string): AsyncGenerator<VersionPart> {
    const manifest = await this.manifest(version);
    if (manifest === null) throw notFound(version);
    try {
      yield* versionParts(this.#kv, version, manifest.feedback ?? 0);
    } catch (error) {
      throw (await this.#isGone(version)) ? notFound(version) : error;
    }
    // A deletion takes the manifest first: where it is still there, nothing was missing.
    if (await this.#isGone(version)) throw notFound(version);
  }

  putCheckpoint(training: string, bytes: Uint8Array): Promise<void> {
    return writeCheckpoint(this.#kv, training, bytes, this.#lease.now());
  }

  checkpoint(training: string): Promise<Uint8Array | null> {
    return readCheckpoint(this.#kv, training);
  }

  deleteCheckpoint(training: string): Promise<void> {
    return dropCheckpoint(this.#kv, training);
  }

  async putRun(run: RunRecord): Promise<void> {
    await this.#kv.put(runKey(run.id), Buffer.from(JSON.stringify(run), 'utf8'));
    await this.#kv.addMember(RUNS_SET, run.id, Date.parse(run.startedAt));
    if (run.finishedAt !== null) await this.#forgetOldRuns();
  }

  async #forgetOldRuns(): Promise<void> {
    const members = await this.#kv.members(RUNS_SET);
    for (const { name } of members.slice(RUNS_KEPT)) {
      await this.#kv.delete(runKey(name));
      await this.#kv.removeMember(RUNS_SET, name);
    }
  }

  async run(id: string): Promise<RunRecord | null> {
    const value = await this.#kv.get(runKey(id));
    return value === null ? null : this.#runOf(value, `run ${id}`);
  }

  async runs(limit: number, after?: string): Promise<RunRecord[]> {
    const members = await this.#runPage(limit, after);
    const values = await this.#kv.getMany(members.map(({ name }) => runKey(name)));
    return values.filter((value) => value !== null).map((value) => this.#runOf(value, 'run'));
  }

  async #runPage(limit: number, after: string | undefined): Promise<Member[]> {
    if (after === undefined) return this.#kv.members(RUNS_SET, limit);
    const members = await this.#kv.members(RUNS_SET);
    const place = members.findIndex(({ name }) => name === after);
    return place < 0 ? [] : members.slice(place + 1, place + 1 + limit);
  }

  snapshot(): Promise<void> {
    return this.#kv.snapshot();
  }

  limiter(limit: Limit): Promise<Limiter> {
    return this.#kv.limiter(limit);
  }

  close(): Promise<void> {
    return this.#kv.close();
  }

  #runOf(value: Uint8Array, what: string): RunRecord {
    const { now, milliseconds } = this.#lease;
    return asLostIfSilent(parseJson(runSchema, value, what), now() - milliseconds);
  }

  /**
   * Complete versions, newest first, and the rest of the set: without a manifest, or with one that
   * this release cannot read, which must not keep it from listing and pruning the others.
   */
  async #census(): Promise<{ complete: Manifest[]; unusable: Member[] }> {
    const members = await this.#kv.members(VERSIONS_SET);
    const values = await this.#kv.getMany(members.map(({ name }) => manifestKey(name)));
    const complete: Manifest[] = [];
    const unusable: Member[] = [];
    for (const [i, member] of members.entries()) {
      const manifest = readableManifest(values[i] ?? null);
      if (manifest === null) unusable.push(member);
      else complete.push(manifest);
    }
    complete.sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
    return { complete, unusable };
  }

  async #isGone(version: string): Promise<boolean> {
    return (await this.#kv.get(manifestKey(version))) === null;
  }

  /** Manifest first, so that what is half deleted is no version; the registration last. */
  async #delete(version: string, manifest: Uint8Array | null): Promise<void> {
    if ((await this.liveVersion()) === version) throw isLive(version);
    await this.#kv.delete(manifestKey(version));
    // Made live meanwhile: see `setLive`.
    if ((await this.liveVersion()) === version) {
      if (manifest !== null) await this.#kv.put(manifestKey(version), manifest);
      throw isLive(version);
    }
    await this.#kv.deletePrefix(versionPrefix(version));
    await this.#kv.removeMember(VERSIONS_SET, version);
  }
}

function readableManifest(value: Uint8Array | null): Manifest | null {
  if (value === null) return null;
  try {
    return parseJson(manifestSchema, value, 'manifest');
  } catch {
    return null;
  }
}

function parseJson<T>(schema: z.ZodType<T>, value: Uint8Array, what: string): T {
  try {
    return schema.parse(JSON.parse(asText(value)));
  } catch (cause) {
    throw corrupt(`The stored ${what} is unreadable`, cause);
  }
}

function asText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function notFound(version: string): AppError {
  return new AppError(
    'VERSION_NOT_FOUND',
    `There is no version ${version}`,
    'See `bookrec models list`.',
  );
}

function exists(version: string): AppError {
  return new AppError(
    'VERSION_EXISTS',
    `Version ${version} is there already, or is being written`,
    'Publish under another name.',
  );
}

function isLive(version: string): AppError {
  return new AppError(
    'VERSION_IS_LIVE',
    `Version ${version} is live`,
    'Make another version live first: `bookrec models rollback`.',
  );
}
