import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { seededRandom } from '../../src/model/random.ts';
import { encodeModel, MODEL_BLOB } from '../../src/store/model-codec.ts';
import { openStore } from '../../src/store/open-store.ts';
import { generatedData } from '../../src/testing/generated-data.ts';
import { randomModel } from '../../src/testing/random-model.ts';
import { startRedisServer } from '../../src/testing/redis-server.ts';
import { runBookrec, startApiProcess } from '../bench/bookrec-process.ts';
import { liveManifest } from '../bench/published.ts';
import type { Case, Measured } from './section.ts';

const MIB = 2 ** 20;

/**
 * What a training of generated data, or of the shipped ones, needs beside Redis, and then its version. Returns with it what
 * `more` finds out of that Redis server.
 */
export async function measureCase<T>(
  each: Case | null,
  folder: string,
  more: (url: string) => Promise<T>,
): Promise<{ readonly trained: Measured; readonly more: T }> {
  const redis = await startRedisServer();
  try {
    const empty = await usedMemory(redis.url);
    const args = ['train', '--store', redis.url, '--json'];
    if (each !== null) {
      const data = writeData(each, join(folder, 'data'));
      args.push('--data', data, '--rank', `${each.rank}`, '--list-length', `${each.listLength}`);
    }
    const { peakMiB } = await runBookrec(args, folder);
    if (peakMiB === null) throw new Error('GNU time is needed to measure memory');
    const trained = { ...(await measureServing(redis.url, empty)), trainer: peakMiB };
    return { trained, more: await more(redis.url) };
  } finally {
    await redis.stop();
  }
}

function writeData({ readers, books, rowsPerReader }: Case, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const { files } = generatedData({ readers, ratedBooks: books, rowsPerReader });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** What the version of a Redis server takes there beyond what that took when it was empty, and the API that serves it. */
async function measureServing(url: string, empty: number): Promise<Measured> {
  const used = (await usedMemory(url)) - empty;
  const store = await openStore(url);
  const { counts, model, listLength } = await liveManifest(store).finally(() => store.close());
  await using api = await startApiProcess(url);
  return {
    readers: counts.readers,
    books: counts.books,
    rows: counts.ratings + counts.interactions,
    rank: model.rank,
    factors: Math.round(model.effectiveRank),
    listLength,
    trainer: null,
    redis: used,
    api: (await api.memory()).resident,
  };
}

/** What the version of a Redis server would take with a random model that uses all of so many factors, and the API that serves it. */
export async function measureWith(rank: number, source: string): Promise<Measured> {
  const redis = await startRedisServer();
  try {
    const empty = await usedMemory(redis.url);
    await publishWith(rank, source, redis.url);
    return { ...(await measureServing(redis.url, empty)), rank, factors: rank };
  } finally {
    await redis.stop();
  }
}

async function publishWith(rank: number, source: string, target: string): Promise<void> {
  const [from, to] = [await openStore(source), await openStore(target)];
  try {
    const manifest = await liveManifest(from);
    const { version, counts } = manifest;
    const writer = await to.begin(version);
    for await (const part of from.parts(version)) {
      if (part.kind === 'readers' || part.name !== MODEL_BLOB) await writer.putPart(part);
    }
    // One more: the book of which nothing is known.
    const model = randomModel(seededRandom(1), rank, counts.books + 1);
    await writer.putBlob(MODEL_BLOB, encodeModel(model));
    await writer.commit(manifest);
    await to.setLive(version);
  } finally {
    await Promise.all([from.close(), to.close()]);
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
