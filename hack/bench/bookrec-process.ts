import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { readyzAnswerSchema } from '../../src/contracts/http.ts';
import { programSays } from './machine.ts';

/** Cores that a command may use. */
const CORES = 2;
/** Longest wait for the API to be ready, ms. */
const READY_TIMEOUT = 60_000;

/** A command that has ended well. */
export interface Finished {
  readonly stdout: string;
  readonly seconds: number;
  /** Largest resident set; null where GNU time is not installed. */
  readonly peakMiB: number | null;
}

/** Runs `bin/bookrec` on two cores; its log goes to standard error. `folder` is for a file of its own. */
export async function runBookrec(args: readonly string[], folder: string): Promise<Finished> {
  const report = join(folder, 'time.txt');
  const timed = (await programSays('/usr/bin/time', '--version'))?.includes('GNU') ?? false;
  const words = [
    ...(await pinned()),
    ...(timed ? ['/usr/bin/time', '-v', '-o', report] : []),
    'bin/bookrec',
    ...args,
  ];
  const started = performance.now();
  const child = start(words);
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const seconds = (performance.now() - started) / 1000;
  if (child.exitCode !== 0) {
    throw new Error(`${shown(args)} ended with ${String(child.exitCode ?? child.signalCode)}`);
  }
  return { stdout, seconds, peakMiB: timed ? peakOf(await readFile(report, 'utf8')) : null };
}

/** The command line as a user types it. */
export const shown = (args: readonly string[]): string => ['bin/bookrec', ...args].join(' ');

async function pinned(): Promise<string[]> {
  if (availableParallelism() <= CORES) return [];
  if ((await programSays('taskset', '--version')) === null) {
    throw new Error(`taskset (util-linux) is needed to measure with ${CORES} cores`);
  }
  return ['taskset', '-c', `0-${CORES - 1}`];
}

function peakOf(report: string): number {
  const kilobytes = /Maximum resident set size \(kbytes\): (\d+)/.exec(report)?.[1];
  if (kilobytes === undefined) throw new Error('/usr/bin/time -v did not say the peak memory');
  return Number(kilobytes) / 1024;
}

/** Starts a process in a group of its own, which ends with this process. */
function start(words: readonly string[]) {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  // Before the benchmark's folder goes.
  process.prependOnceListener('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  return child;
}

/** Memory of a process, MiB. */
export interface Memory {
  /** Resident set: the next two. */
  readonly resident: number;
  /** Its own. */
  readonly anonymous: number;
  /** Pages of files, LMDB's and the program's: the kernel takes them back when it needs them. */
  readonly file: number;
}

/** A process that serves the live version of a store; ends when it is disposed of. */
export interface ApiProcess extends AsyncDisposable {
  readonly url: string;
  /** From the start of the process to the first `/readyz` that is 200 with a model. */
  readonly readySeconds: number;
  /** Memory now. */
  memory(): Promise<Memory>;
  /** User and system time since the start. */
  cpuSeconds(): Promise<number>;
}

/** Starts the API, on one core alone where that is given, which needs `taskset`. */
export async function startApiProcess(store: string, core?: number): Promise<ApiProcess> {
  const started = performance.now();
  const words = ['bin/bookrec', 'api', '--store', store, '--port', '0', '--json'];
  const child = start(core === undefined ? words : ['taskset', '-c', String(core), ...words]);
  const url = await addressOf(child);
  while (!(await isReady(url))) {
    if (performance.now() - started > READY_TIMEOUT) throw new Error(`${url} is not ready`);
    await pause(2);
  }
  return {
    url,
    readySeconds: (performance.now() - started) / 1000,
    memory: () => memoryOf(child.pid ?? 0),
    cpuSeconds: () => metricOf(url, 'process_cpu_seconds_total'),
    [Symbol.asyncDispose]: () => stop(child),
  };
}

const addressSchema = z.object({ url: z.url() });

/** What the process prints once it listens: the only thing that it writes to standard output. */
async function addressOf(child: ReturnType<typeof start>): Promise<string> {
  let output = '';
  for await (const piece of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    output += String(piece);
    const address = addressSchema.safeParse(jsonOf(output));
    if (address.success) return address.data.url;
  }
  throw new Error(`the API ended with ${String(child.exitCode)} instead of serving`);
}

/** Undefined while the text is not whole. */
function jsonOf(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`);
  const body = readyzAnswerSchema.parse(await answer.json());
  return answer.ok && body.model === 'loaded';
}

/** As Linux counts it. */
async function memoryOf(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const mib = (name: string): number => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
    if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no ${name}`);
    return Number(kilobytes) / 1024;
  };
  const [anonymous, file] = [mib('RssAnon'), mib('RssFile') + mib('RssShmem')];
  return { resident: anonymous + file, anonymous, file };
}

/** Value of a metric without labels. */
async function metricOf(url: string, name: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const line = metrics.split('\n').find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`/metrics has no ${name}`);
  return Number(line.slice(name.length));
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
