import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import { number } from './part.ts';

const GIB = 2 ** 30;

/** First line of what a program says; null if it is not on the PATH. */
export async function programSays(name: string, ...args: string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await promisify(execFile)(name, args);
    return firstLine(stdout + stderr);
  } catch (error) {
    // Some programs leave their version with an exit code other than 0.
    if (isFailure(error) && error.code !== 'ENOENT') return firstLine(error.stdout + error.stderr);
    return null;
  }
}

interface Failure {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

const isFailure = (error: unknown): error is Failure =>
  error instanceof Error && 'code' in error && 'stdout' in error && 'stderr' in error;

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';

/** Name and value of everything about this machine that the figures depend on; the load is that of now. */
export async function describeMachine(): Promise<Array<[name: string, value: string]>> {
  const wrk = await programSays('wrk', '--version');
  const redis = await programSays('redis-server', '--version');
  return [
    ['date', new Date().toISOString().slice(0, 10)],
    ['processor', cpus()[0]?.model ?? 'unknown'],
    ['cores', String(availableParallelism())],
    ['memory', `${number(memory() / GIB, 1)} GiB`],
    ['system', `${type()} ${release()}`],
    ['transparent huge pages', await hugePages()],
    ['Node.js', process.version],
    ['redis-server', /v=([\d.]+)/.exec(redis ?? '')?.[1] ?? 'missing'],
    ['wrk', /^wrk (\S+)/.exec(wrk ?? '')?.[1] ?? 'missing'],
    [
      'load average at the start (1, 5, 15 min)',
      loadavg()
        .map((load) => number(load, 2))
        .join(', '),
    ],
  ];
}

/** The machine's memory, or the smaller limit of the container, bytes. */
function memory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** To whom the kernel gives huge pages: long trainings look up fewer pages with them. */
async function hugePages(): Promise<string> {
  try {
    const modes = await readFile('/sys/kernel/mm/transparent_hugepage/enabled', 'utf8');
    return /\[(\w+)\]/.exec(modes)?.[1] ?? 'unknown';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'none';
    throw error;
  }
}
