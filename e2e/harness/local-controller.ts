import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { environment, projectFolder } from '../../src/runtime/environment.ts';
import { atEnd } from './namespace.ts';

const readinessSchema = z.object({
  status: z.string(),
  watch_age_seconds: z.object({ runs: z.number().nullable(), jobs: z.number().nullable() }),
});

/** A controller on this machine, with an empty store of its own: it knows of trainings by their last words alone. */
export class LocalController {
  readonly #url: string;

  private constructor(url: string) {
    this.#url = url;
  }

  /** Starts it with a kubeconfig's text; resolves when it listens. It ends with the suite. */
  static async start(kubeconfig: string, cronJob: string): Promise<LocalController> {
    const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-controller-'));
    const file = path.join(folder, 'kubeconfig');
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    const child = spawn(`${projectFolder}/bin/bookrec`, ['controller', '--json', '--port=0'], {
      env: {
        ...environment(),
        KUBECONFIG: file,
        STORE_URL: `lmdb:${path.join(folder, 'store')}`,
        CRON_JOB: cronJob,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    atEnd(() => {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true });
    });
    const log: string[] = [];
    createInterface(child.stderr).on('line', (line) => log.push(line));
    const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
    const { value } = await answers.next();
    if (typeof value !== 'string') throw new Error(`no controller:\n${log.join('\n')}`);
    const { url } = z.object({ url: z.url() }).parse(JSON.parse(value));
    return new LocalController(url);
  }

  /** Seconds since it last heard of the API server, by the kind that it has heard of least; whole ones. */
  async watchAge(): Promise<number> {
    const answer = await fetch(`${this.#url}/readyz`);
    const { watch_age_seconds: ages } = readinessSchema.parse(await answer.json());
    return Math.max(ages.runs ?? Infinity, ages.jobs ?? Infinity);
  }
}
