import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environment } from '../../src/runtime/environment.ts';
import { openStore } from '../../src/store/open-store.ts';
import { hasRedisServer, startRedisServer } from '../../src/testing/redis-server.ts';
import { type ApiProcess, shown, startApiProcess } from './bookrec-process.ts';
import { programSays } from './machine.ts';
import { type Figure, type Part, atMost, notMeasured, number } from './part.ts';
import { peerFigure } from './peer.ts';
import { copyLive, liveManifest, shuffledIds } from './published.ts';
import { storeLossFigures } from './store-loss.ts';
import { twoProcessesFigure } from './two-processes.ts';
import { type Load, runWrk, wrkArgs } from './wrk.ts';

/** By store. */
const REQUESTS = { LMDB: 20_000, Redis: 18_000 };
const P99_MS = 10;
const MEMORY_SECONDS = 60;
/** Growth of the resident memory in the second half of a long load that is noise. */
const GROWTH = 0.05;
const READY_SECONDS = 2;
const MIB = 512;
const STARTS = 5;
const RANDOM_IDS = 10_000;

/** One way of asking. */
interface Ask {
  readonly name: string;
  readonly path: string;
  /** File with the paths that are asked for in turn. */
  readonly file?: string;
  readonly ids?: readonly string[];
}

interface Serving {
  /** As the page calls it. */
  readonly store: keyof typeof REQUESTS;
  readonly url: string;
  /** The address in the page, without what changes from run to run. */
  readonly shownUrl: string;
  readonly asks: readonly Ask[];
  readonly quick: boolean;
  readonly folder: string;
}

/** Starts and loads one API process, with the embedded store and with Redis. */
export async function servingPart(
  url: string,
  { folder, quick }: { readonly folder: string; readonly quick: boolean },
): Promise<Part> {
  const asks = await prepareAsks(url, folder);
  const lmdb = { store: 'LMDB', url, shownUrl: 'lmdb:$DIR', asks, quick, folder } as const;
  const figures = [
    ...(await measure(lmdb)),
    ...(await measureTwo(lmdb)),
    ...(await measureRedis(lmdb)),
  ];
  return {
    title: 'Serving',
    figures,
    notes: [
      `One API process on the machine that wrk loads it from, over loopback, after ${warmUp(quick)} s of the same load that are not counted. Answers to \`GET /recommend/8\` come from the API's memory of encoded answers, and so do those for ${number(RANDOM_IDS)} ids once each was asked for; that memory cannot hold all readers' answers, so that asking for all in turn reads a list from the store for nearly every request. \`$FILE\` has one path a line.`,
      `Start: from the start of the process to the first \`/readyz\` that is 200 with a model, slowest of ${quick ? 1 : STARTS}. Memory: resident set of the process. The pages of the LMDB file that it has touched are among its pages of files: the kernel takes them back when it needs them.`,
    ],
    details: [],
  };
}

async function prepareAsks(url: string, folder: string): Promise<Ask[]> {
  const store = await openStore(url);
  try {
    const { version } = await liveManifest(store);
    const ids = await shuffledIds(store, version);
    const write = async (name: string, chosen: readonly string[]): Promise<string> => {
      const file = join(folder, name);
      const paths = chosen.map((id) => `/recommend/${encodeURIComponent(id)}\n`);
      await writeFile(file, paths.join(''));
      return file;
    };
    // Not the first ones, which would still be in the API's memory when all are asked for.
    const some = ids.slice(-RANDOM_IDS);
    return [
      { name: '`GET /recommend/8`', path: '/recommend/8' },
      {
        name: `\`GET /recommend/{id}\`, ${number(some.length)} random ids`,
        path: '',
        file: await write('random.txt', some),
        ids: some,
      },
      {
        name: `\`GET /recommend/{id}\`, all ${number(ids.length)} readers in turn`,
        path: '',
        file: await write('all.txt', ids),
      },
    ];
  } finally {
    await store.close();
  }
}

async function measureRedis(lmdb: Serving): Promise<Figure[]> {
  if (!(await hasRedisServer())) {
    const asked = askedOf('Redis');
    return [
      notMeasured('`GET /recommend/8`, Redis', asked, 'redis-server is missing', wrkCommand()),
    ];
  }
  const redis = await startRedisServer();
  try {
    const from = await openStore(lmdb.url);
    const to = await openStore(redis.url);
    await copyLive(from, to);
    await Promise.all([from.close(), to.close()]);
    const shownUrl = 'redis://127.0.0.1:6379';
    const serving = { ...lmdb, store: 'Redis', url: redis.url, shownUrl } as const;
    const losses = await mkdtemp(join(lmdb.folder, 'losses-'));
    return [
      ...(await measure(serving)),
      ...(await comparison(serving)),
      ...(await storeLossFigures(lmdb.url, { folder: losses, quick: lmdb.quick })),
    ];
  } finally {
    await redis.stop();
  }
}

async function measure(serving: Serving): Promise<Figure[]> {
  const { store, url, shownUrl, quick } = serving;
  const starts: Started[] = [];
  for (let n = 1; n < (quick ? 1 : STARTS); n++) {
    await using again = await startApiProcess(url);
    starts.push(await startOf(again));
  }
  await using api = await startApiProcess(url);
  starts.push(await startOf(api));
  const loads = await loadFigures(api, serving);
  const command = shown(['api', '--store', shownUrl]);
  const ready = Math.max(...starts.map(({ seconds }) => seconds));
  const atStart = Math.max(...starts.map(({ mib }) => mib));
  const { resident, anonymous, file } = await api.memory();
  return [
    ...loads,
    atMost({
      what: `API start to ready, ${store}`,
      command,
      value: ready,
      limit: READY_SECONDS,
      digits: 2,
      unit: ' s',
    }),
    atMost({
      what: `API memory after start and loads, ${store}`,
      command,
      value: Math.max(atStart, resident),
      limit: MIB,
      digits: 0,
      unit: ' MiB',
      note: `${number(anonymous)} MiB its own and ${number(file)} MiB pages of files; after the start alone ${number(atStart)} MiB`,
    }),
  ];
}

interface Started {
  readonly seconds: number;
  readonly mib: number;
}

async function startOf(api: ApiProcess): Promise<Started> {
  return { seconds: api.readySeconds, mib: (await api.memory()).resident };
}

async function loadFigures(api: ApiProcess, { store, asks, quick }: Serving): Promise<Figure[]> {
  const asked = askedOf(store);
  if ((await programSays('wrk', '--version')) === null) {
    return [notMeasured(`\`GET /recommend/8\`, ${store}`, asked, 'wrk is missing', wrkCommand())];
  }
  const figures: Figure[] = [];
  for (const { name, path, file, ids } of asks) {
    await runWrk(wrkArgs(`${api.url}${path}`, warmUp(quick), file));
    const load = await runWrk(wrkArgs(`${api.url}${path}`, seconds(quick), file));
    figures.push({
      what: `${name}, ${store}`,
      asked: ids === undefined ? null : asked,
      measured: shownLoad(load),
      reached: ids === undefined ? null : isReached(load, store),
      command: wrkCommand(path, file === undefined ? undefined : '$FILE'),
    });
  }
  const random = asks.find(({ ids }) => ids !== undefined);
  return random === undefined ? figures : [...figures, await memoryFigure(api, random, quick)];
}

const askedOf = (store: keyof typeof REQUESTS): string =>
  `at least ${number(REQUESTS[store])} requests/s, 99th percentile at most ${P99_MS} ms`;

const isReached = (load: Load, store: keyof typeof REQUESTS): boolean =>
  load.errors === 0 &&
  load.requestsPerSecond >= REQUESTS[store] &&
  milliseconds(load.p99) <= P99_MS;

/** Of a time as wrk writes it: `900us`, `4.35ms`, `1.20s`. */
function milliseconds(text: string): number {
  const factor = text.endsWith('us') ? 0.001 : text.endsWith('ms') ? 1 : 1000;
  return factor * Number.parseFloat(text);
}

/** Resident memory half-way and at the end of a long load; `BENCH_MEMORY_SECONDS=600` for ten minutes of it. */
async function memoryFigure(api: ApiProcess, { name, file }: Ask, quick: boolean): Promise<Figure> {
  const given = environment()['BENCH_MEMORY_SECONDS'];
  const seconds = given === undefined ? (quick ? 2 : MEMORY_SECONDS) : Number(given);
  const half = wrkArgs(api.url, seconds / 2, file);
  await runWrk(half);
  const before = (await api.memory()).resident;
  await runWrk(half);
  const after = (await api.memory()).resident;
  return {
    what: `memory over ${number(seconds)} s of ${name}`,
    asked: 'steady: the second half adds at most 5 %',
    measured: `${number(before)} MiB half-way, ${number(after)} MiB at the end`,
    reached: after <= (1 + GROWTH) * before,
    command: 'BENCH_MEMORY_SECONDS=600 node_modules/.bin/node hack/bench.ts --only serving',
  };
}

async function measureTwo({ url, asks, quick }: Serving): Promise<Figure[]> {
  const file = asks.find(({ ids }) => ids !== undefined)?.file;
  return file === undefined ? [] : [await twoProcessesFigure(url, file, quick ? 5 : 20)];
}

/** The same endpoint as others write it. */
async function comparison({ url, asks, quick, folder }: Serving): Promise<Figure[]> {
  const random = asks.find(({ ids }) => ids !== undefined);
  if (random?.ids === undefined || random.file === undefined) return [];
  await using api = await startApiProcess(url);
  const { ids, file } = random;
  return [await peerFigure({ api, redisUrl: url, ids, file, folder, quick })];
}

const seconds = (quick: boolean): number => (quick ? 1 : 10);
const warmUp = (quick: boolean): number => (quick ? 1 : 2);

function wrkCommand(path = '/recommend/8', file?: string): string {
  return ['wrk', ...wrkArgs(`http://127.0.0.1:8000${path}`, seconds(false), file)].join(' ');
}

function shownLoad({ requestsPerSecond, p99, errors }: Load): string {
  return `${number(requestsPerSecond)} requests/s (99th percentile ${p99}, ${number(errors)} errors)`;
}
