import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A Redis server of this test run, in memory, on a free port of 127.0.0.1. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Such as SIGSTOP, after which it holds its connections and answers nothing. */
  signal(name: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** Longest wait for the server to listen, ms. */
const START_TIMEOUT = 10_000;

/** Whether `redis-server` is on the PATH; else say what is left out, see left-out.ts. */
export async function hasRedisServer(): Promise<boolean> {
  const child = spawn('redis-server', ['--version'], { stdio: 'ignore' });
  try {
    const [code] = (await once(child, 'exit')) as unknown[];
    return code === 0;
  } catch {
    // There is no such program.
    return false;
  }
}

/** Starts `redis-server`; `flags` such as `['--requirepass', 'x']`. */
export async function startRedisServer(
  flags: readonly string[] = [],
  port?: number,
): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bookrec-redis-'));
  const chosen = port ?? (await freePort());
  const settings = ['--port', String(chosen), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const child = spawn('redis-server', [...settings, ...flags], { stdio: 'ignore' });
  // Else a test run that is cut off leaves the server behind.
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  await listening(child, chosen);
  return {
    port: chosen,
    url: `redis://127.0.0.1:${chosen}`,
    signal: (name) => void child.kill(name),
    stop: async () => {
      process.off('exit', killed);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  const end = performance.now() + START_TIMEOUT;
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    if (performance.now() > end) throw new Error('redis-server does not listen');
    await pause(20);
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const accepted = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return accepted;
}
