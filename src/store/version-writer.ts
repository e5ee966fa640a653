import { type Manifest, manifestSchema } from '../contracts/manifest.ts';
import { AppError } from '../runtime/errors.ts';
import { blobChunks, BlobWriter } from './blobs.ts';
import { allFeedback } from './erasure.ts';
import { blobNamesKey, manifestKey, readerKey, VERSIONS_SET, versionPrefix } from './keys.ts';
import type { Kv } from './kv.ts';
import type { Entry } from './portions.ts';
import { idPages } from './reader-ids.ts';
import { encodeReader } from './reader-codec.ts';
import { isForgotten } from './reader-feedback.ts';
import { ReadBackSample } from './read-back-sample.ts';
import type { ReaderRecord, VersionPart, VersionWriter } from './store.ts';

/**
 * How a writer says that it is still at work: the version's score in the set of versions is the
 * time until which nobody may collect it, and each write moves it on when a quarter has passed.
 */
export interface Lease {
  readonly milliseconds: number;
  /** Ms since 1970. */
  readonly now: () => number;
}

/** Registers the version and gives its writer. */
export async function beginVersion(kv: Kv, version: string, lease: Lease): Promise<VersionWriter> {
  const until = lease.now() + lease.milliseconds;
  await kv.addMember(VERSIONS_SET, version, until);
  return new Writer(kv, version, lease, until);
}

class Writer implements VersionWriter {
  readonly version: string;
  readonly #kv: Kv;
  readonly #lease: Lease;
  #until: number;
  #open = true;
  readonly #ids = new Set<string>();
  readonly #sample = new ReadBackSample();
  /** Names of whole blobs. */
  readonly #blobs = new Set<string>();
  /** Blobs that come in parts; commit ends them. */
  readonly #inParts = new Map<string, BlobWriter>();

  constructor(kv: Kv, version: string, lease: Lease, until: number) {
    this.version = version;
    this.#kv = kv;
    this.#lease = lease;
    this.#until = until;
  }

  async putReaders(batch: ReadonlyArray<readonly [string, ReaderRecord]>): Promise<void> {
    await this.#renew();
    await this.#putRecords(batch.map(([id, record]) => [id, encodeReader(record)]));
  }

  async putBlob(name: string, bytes: Uint8Array): Promise<void> {
    await this.#renew();
    const blob = new BlobWriter(this.#kv, versionPrefix(this.version), name);
    await blob.append(bytes);
    await this.#endBlob(name, blob);
  }

  async putPart(part: VersionPart): Promise<void> {
    await this.#renew();
    if (part.kind === 'readers') {
      const { records } = part;
      await this.#putRecords(part.ids.map((id, i) => [id, records[i] ?? new Uint8Array()]));
      return;
    }
    const { name, bytes } = part;
    const blob =
      this.#inParts.get(name) ?? new BlobWriter(this.#kv, versionPrefix(this.version), name);
    this.#inParts.set(name, blob);
    await blob.append(bytes);
  }

  async commit(manifest: Manifest): Promise<void> {
    const checked = manifestSchema.safeParse(manifest);
    if (!checked.success || manifest.version !== this.version) {
      throw new AppError(
        'INTERNAL',
        `The manifest given for ${this.version} is not valid or not its own`,
        'Report this as a bug.',
        { cause: checked.error },
      );
    }
    await this.#renew(true);
    for (const [name, blob] of this.#inParts) await this.#endBlob(name, blob);
    await this.#forgetErased(manifest.feedback ?? 0);
    const names = Buffer.from(JSON.stringify([...this.#blobs].sort()), 'utf8');
    const index: Entry[] = [
      ...idPages(this.version, this.#ids),
      [blobNamesKey(this.version), names],
    ];
    await this.#kv.putMany(index);
    this.#sample.add(index);
    await this.#readBack();
    // Long reading can outlast the lease; then another process may have collected the version.
    await this.#renew(true);
    await this.#kv.put(
      manifestKey(this.version),
      Buffer.from(JSON.stringify(checked.data), 'utf8'),
    );
    this.#open = false;
  }

  async abort(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#kv.deletePrefix(versionPrefix(this.version));
    await this.#kv.removeMember(VERSIONS_SET, this.version);
  }

  async #putRecords(batch: ReadonlyArray<readonly [string, Uint8Array]>): Promise<void> {
    const entries = batch.map(([id, record]): Entry => {
      if (!id.isWellFormed()) {
        throw new AppError(
          'BAD_REQUEST',
          'A reader id is not valid Unicode',
          'Remove the unpaired surrogates from the id.',
        );
      }
      this.#ids.add(id);
      return [readerKey(this.version, id), record];
    });
    await this.#kv.putMany(entries);
    this.#sample.add(entries);
  }

  /** Readers who were erased since the training read feedback up to `read`. */
  async #forgetErased(read: number): Promise<void> {
    for await (const feedback of allFeedback(this.#kv)) {
      const { reader } = feedback;
      if (!isForgotten(feedback, read) || !this.#ids.delete(reader)) continue;
      const key = readerKey(this.version, reader);
      this.#sample.drop(key);
      await this.#kv.delete(key);
    }
  }

  async #endBlob(name: string, blob: BlobWriter): Promise<void> {
    await blob.end();
    this.#blobs.add(name);
  }

  async #readBack(): Promise<void> {
    await this.#sample.verify(this.#kv);
    for (const name of this.#blobs) {
      const chunks = blobChunks(this.#kv, versionPrefix(this.version), name);
      while ((await chunks.next()).done !== true) await this.#renew();
    }
  }

  /** Moves the lease on; throws if it is no longer this writer's. */
  async #renew(always = false): Promise<void> {
    if (!this.#open) {
      throw new AppError(
        'INTERNAL',
        `Version ${this.version} is no longer open`,
        'Begin another version.',
      );
    }
    const { now, milliseconds } = this.#lease;
    if (!always && this.#until - now() > 0.75 * milliseconds) return;
    const members = await this.#kv.members(VERSIONS_SET);
    if (members.find(({ name }) => name === this.version)?.score !== this.#until) {
      this.#open = false;
      throw new AppError(
        'VERSION_NOT_FOUND',
        `Version ${this.version} was collected by another process while it was written`,
        'Publish again.',
      );
    }
    this.#until = now() + milliseconds;
    await this.#kv.addMember(VERSIONS_SET, this.version, this.#until);
  }
}
