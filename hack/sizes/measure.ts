import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { seededRandom } from '../../src/model/random.ts';
import { encodeModel, MODEL_BLOB } from '../../src/store/model-codec.ts';
import { openStore } from '../../src/store/open-store.ts';
import { generatedData } from '../../src/testing/generated-data.ts';
import { randomModel } from '../../src/testing/random-model.ts';
import { startRedisServer } from '../../src/testing/redis-server.ts';
import { runBookrec, startApiProcess } from '../bench/bookrec-process.ts';
import { copyLive, liveManifest } from '../bench/published.ts';
import type { Case, Measured } from './section.ts';

const MIB = 2 ** 20;

/** What a training of generated data, or of the shipped ones, needs, and then its version; leaves the version's store. */
export async function measureTraining(
  each: Case | null,
  folder: string,
): Promise<Measured & { readonly store: string }> {
  const path = join(folder, 'store');
  const store = `lmdb:${path}`;
  const args = ['train', '--store', store, '--json'];
  if (each !== null) {
    const data = writeData(each, join(folder, 'data'));
    args.push('--data', data, '--rank', `${each.rank}`, '--list-length', `${each.listLength}`);
  }
  const { peakMiB } = await runBookrec(args, folder);
  if (peakMiB === null) throw new Error('GNU time is needed to measure memory');
  const serving = await measureServing(store, null);
  const lmdb = statSync(join(path, 'data.mdb')).size / MIB;
  return { ...serving, trainer: peakMiB, lmdb, store };
}

function writeData({ readers, books, rowsPerReader }: Case, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const { files } = generatedData({ readers, ratedBooks: books, rowsPerReader });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/**
 * What the live version of a store takes in Redis, and the API that serves it from there. With `rank` its model is
 * replaced by a random one that uses all of so many factors.
 */
export async function measureServing(store: string, rank: number | null): Promise<Measured> {
  const redis = await startRedisServer();
  try {
    const empty = await usedMemory(redis.url);
    const manifest = await publishTo(redis.url, store, rank);
    const used = (await usedMemory(redis.url)) - empty;
    await using api = await startApiProcess(redis.url);
    const { counts, model, listLength } = manifest;
    return {
      readers: counts.readers,
      books: counts.books,
      rows: counts.ratings + counts.interactions,
      rank: rank ?? model.rank,
      factors: rank ?? Math.round(model.effectiveRank),
      listLength,
      trainer: null,
      redis: used,
      lmdb: null,
      api: (await api.memory()).resident,
    };
  } finally {
    await redis.stop();
  }
}

async function publishTo(url: string, from: string, rank: number | null) {
  const source = await openStore(from);
  const target = await openStore(url);
  try {
    const manifest = await liveManifest(source);
    if (rank === null) {
      await copyLive(source, target);
      return manifest;
    }
    const { version, counts } = manifest;
    const writer = await target.begin(version);
    for await (const part of source.parts(version)) {
      if (part.kind === 'readers' || part.name !== MODEL_BLOB) await writer.putPart(part);
    }
    // One more: the book of which nothing is known.
    const model = randomModel(seededRandom(1), rank, counts.books + 1);
    await writer.putBlob(MODEL_BLOB, encodeModel(model));
    await writer.commit(manifest);
    await target.setLive(version);
    return manifest;
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

/** Memory that a Redis server has given out, MiB. */
async function usedMemory(url: string): Promise<number> {
  const redis = new Redis(url);
  const bytes = /^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1];
  redis.disconnect();
  if (bytes === undefined) throw new Error('Redis did not say its memory');
  return Number(bytes) / MIB;
}
