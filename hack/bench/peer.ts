import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { environment } from '../../src/runtime/environment.ts';
import { freePort } from '../../src/testing/redis-server.ts';
import type { ApiProcess } from './bookrec-process.ts';
import { programSays } from './machine.ts';
import { type Figure, notMeasured, number } from './part.ts';
import { type Load, runWrk, wrkArgs } from './wrk.ts';

const TIMES = 6;
const START_MS = 30_000;
const FOLDER = 'hack/bench/fastapi';
const WHAT = `\`GET /recommend/{id}\`, requests a second of CPU: times those of FastAPI, uvicorn and redis-py`;
const ASKED = `at least ${TIMES} times`;
const COMMAND = 'node_modules/.bin/node hack/bench.ts --only serving';

/** Our side of the comparison. */
export interface Ours {
  readonly api: ApiProcess;
  readonly redisUrl: string;
  /** Ids that are asked for, and the file with their paths. */
  readonly ids: readonly string[];
  readonly file: string;
  readonly folder: string;
  readonly quick: boolean;
}

/** One server under the load. */
interface Loaded extends Load {
  readonly perCpuSecond: number;
}

/**
 * The same endpoint in FastAPI with one worker of uvicorn, which has the same answers ready in Redis. Compared by
 * requests per second of CPU time, since wrk and Redis share the machine's cores with both.
 */
export async function peerFigure(ours: Ours): Promise<Figure> {
  const python = await programSays('python3', '--version');
  if (python === null) return notMeasured(WHAT, ASKED, 'python3 is missing', COMMAND);
  const venv = join(ours.folder, 'venv');
  try {
    const run = promisify(execFile);
    await run('python3', ['-m', 'venv', venv]);
    const quiet = ['--quiet', '--disable-pip-version-check'];
    await run(join(venv, 'bin/pip'), ['install', ...quiet, '-r', `${FOLDER}/requirements.txt`]);
  } catch {
    return notMeasured(WHAT, ASKED, 'its packages cannot be installed', COMMAND);
  }
  await copyAnswers(ours);
  const own = await measure(ours.api.url, ours, () => ours.api.cpuSeconds());
  const peer = await measurePeer(venv, ours);
  const times = own.perCpuSecond / peer.perCpuSecond;
  const rates = [own, peer].map(
    (one) =>
      `${number(one.perCpuSecond)} a CPU second (${number(one.requestsPerSecond)}/s, 99th percentile ${one.p99})`,
  );
  return {
    what: WHAT,
    asked: ASKED,
    measured: `${number(times, 1)} times: ${rates.join(' and ')}`,
    reached: times >= TIMES && own.errors === 0 && peer.errors === 0,
    command: COMMAND,
  };
}

/** Puts our answers into Redis, as the peer reads them. */
async function copyAnswers({ api: { url }, redisUrl, ids }: Ours): Promise<void> {
  const redis = new Redis(redisUrl);
  for (const id of ids) {
    const answer = await fetch(`${url}/recommend/${encodeURIComponent(id)}`);
    await redis.set(`peer:${id}`, await answer.text());
  }
  redis.disconnect();
}

async function measurePeer(venv: string, ours: Ours): Promise<Loaded> {
  const port = await freePort();
  const args = ['app:app', '--app-dir', FOLDER, '--host', '127.0.0.1', '--port', String(port)];
  const quiet = ['--workers', '1', '--no-access-log', '--log-level', 'warning'];
  const child = spawn(join(venv, 'bin/uvicorn'), [...args, ...quiet], {
    stdio: 'inherit',
    env: { ...environment(), STORE_URL: ours.redisUrl },
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.prependOnceListener('exit', kill);
  try {
    const url = `http://127.0.0.1:${port}`;
    const end = performance.now() + START_MS;
    for (;;) {
      const answer = await fetch(`${url}/openapi.json`).catch(() => null);
      if (answer?.ok) break;
      if (performance.now() > end) throw new Error('uvicorn does not answer');
      await pause(50);
    }
    return await measure(url, ours, () => cpuOfProcess(child.pid ?? 0));
  } finally {
    process.off('exit', kill);
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

async function measure(
  url: string,
  { file, quick }: Ours,
  cpu: () => Promise<number>,
): Promise<Loaded> {
  const seconds = quick ? 1 : 10;
  await runWrk(wrkArgs(url, seconds, file));
  const before = await cpu();
  const load = await runWrk(wrkArgs(url, seconds, file));
  return { ...load, perCpuSecond: (load.requestsPerSecond * seconds) / ((await cpu()) - before) };
}

/** User and system time of a process, in clock ticks of 10 ms as Linux counts them. */
async function cpuOfProcess(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
