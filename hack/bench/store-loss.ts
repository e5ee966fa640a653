import { setTimeout as pause } from 'node:timers/promises';
import { openStore } from '../../src/store/open-store.ts';
import { type RedisServer, startRedisServer } from '../../src/testing/redis-server.ts';
import { startApiProcess } from './bookrec-process.ts';
import { type Figure, number } from './part.ts';
import { copyLive, firstBook } from './published.ts';

const LOSSES = 3;
const READERS = 16;
const WRITERS = 2;

/** What clients have seen. */
interface Seen {
  answered: number;
  degraded: number;
  lost: number;
  refused: number;
  /** Readers whose feedback was acknowledged. */
  readonly acknowledged: string[];
}

/**
 * Kills Redis with SIGKILL three times while lists are asked for and feedback is given, and starts it again from its
 * log of writes.
 */
export async function storeLossFigures(
  from: string,
  { folder, quick }: { readonly folder: string; readonly quick: boolean },
): Promise<Figure[]> {
  const flags = ['--dir', folder, '--appendonly', 'yes', '--appendfsync', 'always'];
  let redis: RedisServer = await startRedisServer(flags);
  const { url, port } = redis;
  try {
    const [source, target] = [await openStore(from), await openStore(url)];
    await copyLive(source, target);
    const isbn = await firstBook(source);
    await Promise.all([source.close(), target.close()]);
    await using api = await startApiProcess(url);
    const seen: Seen = { answered: 0, degraded: 0, lost: 0, refused: 0, acknowledged: [] };
    const stop = new AbortController();
    const clients = [
      ...Array.from({ length: READERS }, (_, n) => read(api.url, n, seen, stop.signal)),
      ...Array.from({ length: WRITERS }, (_, n) => give(api.url, n, isbn, seen, stop.signal)),
    ];
    const calm = quick ? 500 : 3000;
    for (let n = 0; n < LOSSES; n++) {
      await pause(calm);
      await redis.stop();
      await pause(calm);
      redis = await startRedisServer(flags, port);
    }
    await pause(calm);
    stop.abort();
    await Promise.all(clients);
    return [figureOf(seen, await missing(url, seen.acknowledged))];
  } finally {
    await redis.stop();
  }
}

async function read(url: string, n: number, seen: Seen, signal: AbortSignal): Promise<void> {
  for (let asked = 0; !signal.aborted; asked++) {
    try {
      const answer = await fetch(`${url}/recommend/${n}-${asked}`);
      const body = (await answer.json()) as { degraded?: true };
      if (answer.status !== 200) seen.lost++;
      else if (body.degraded) seen.degraded++;
      else seen.answered++;
    } catch {
      seen.lost++;
    }
  }
}

async function give(
  url: string,
  n: number,
  isbn: string,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  for (let given = 0; !signal.aborted; given++) {
    const reader = `bench-${n}-${given}`;
    const body = JSON.stringify({ ratings: [{ user_id: reader, isbn, rating: 8 }] });
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': reader };
    const answer = await fetch(`${url}/feedback`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    if (answer.ok) seen.acknowledged.push(reader);
    else if (answer.status === 503) seen.refused++;
    else throw new Error(`POST /feedback answered ${answer.status}`);
  }
}

/** How many of the readers have no feedback in the store. */
async function missing(url: string, readers: readonly string[]): Promise<number> {
  const store = await openStore(url);
  let count = 0;
  for (const reader of readers) if ((await store.feedback(reader)) === null) count++;
  await store.close();
  return count;
}

function figureOf(seen: Seen, missing: number): Figure {
  const { answered, degraded, lost, refused, acknowledged } = seen;
  return {
    what: `store killed and started again ${LOSSES} times under load: answers and feedback lost, Redis`,
    asked: 'none; degraded answers marked',
    measured: [
      `${number(lost)} of ${number(answered + degraded + lost)} answers lost, ${number(degraded)} marked degraded`,
      `${number(missing)} of ${number(acknowledged.length)} acknowledged ratings lost, ${number(refused)} refused with 503`,
    ].join('; '),
    reached: lost === 0 && missing === 0 && degraded > 0,
    command: 'node_modules/.bin/node hack/bench.ts --only serving',
  };
}
