import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const CONNECTIONS = ['-t1', '-c64'];
const SCRIPT = 'hack/bench/readers.lua';

/** What wrk measured. */
export interface Load {
  readonly requestsPerSecond: number;
  /** 99th percentile of the latency, as wrk writes it, such as `9.13ms`. */
  readonly p99: string;
  /** Answers that are not 2xx or 3xx, and failed connections. */
  readonly errors: number;
}

/** Arguments of one load; `paths` is a file with one path a line that are asked for in turn. */
export function wrkArgs(url: string, seconds: number, paths?: string): string[] {
  const asked = paths === undefined ? [url] : ['-s', SCRIPT, url, '--', paths];
  return [...CONNECTIONS, `-d${seconds}s`, '--latency', ...asked];
}

export async function runWrk(args: readonly string[]): Promise<Load> {
  const { stdout } = await promisify(execFile)('wrk', args);
  return parseWrk(stdout);
}

/** Reads the text that wrk prints. */
export function parseWrk(output: string): Load {
  const rate = /^Requests\/sec: +([\d.]+)$/m.exec(output)?.[1];
  // wrk pads what has a short unit.
  const p99 = /^ +99% +(\S+) *$/m.exec(output)?.[1];
  if (rate === undefined || p99 === undefined) throw new Error(`wrk said:\n${output}`);
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? '0';
  const sockets = /Socket errors: (.*)$/m.exec(output)?.[1] ?? '';
  const failed = [...sockets.matchAll(/\d+/g)].map(Number);
  const errors = failed.reduce((sum, count) => sum + count, Number(refused));
  return { requestsPerSecond: Number(rate), p99, errors };
}
