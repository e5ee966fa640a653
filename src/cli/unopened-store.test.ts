import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { summarySchema } from '../contracts/run.ts';
import { environment, projectFolder } from '../runtime/environment.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-unopened-'));
const file = path.join(folder, 'file');
writeFileSync(file, 'no store');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const CASES = [
  {
    name: 'a place where the system makes no directories',
    env: { STORE_URL: 'lmdb:/proc/bookrec/store' },
    says: /lmdb:\/proc\/bookrec\/store cannot be opened: ENOENT/,
    code: 'STORE_UNAVAILABLE',
    status: 1,
  },
  {
    name: 'a file',
    env: { STORE_URL: `lmdb:${file}` },
    says: /is not a directory/,
    code: 'STORE_UNAVAILABLE',
    status: 1,
  },
  {
    name: 'a directory in a file',
    env: { STORE_URL: `lmdb:${file}/store` },
    says: /ENOTDIR/,
    code: 'STORE_UNAVAILABLE',
    status: 1,
  },
  {
    name: 'a password that cannot be read',
    env: { STORE_URL: 'redis://127.0.0.1:1', STORE_PASSWORD_FILE: path.join(folder, 'missing') },
    says: /STORE_PASSWORD_FILE cannot be read/,
    code: 'BAD_SETTINGS',
    status: 2,
  },
] as const;

describe('a training whose store cannot be opened', () => {
  it.each(CASES)('for $name says why and writes its summary', (given) => {
    const summary = path.join(folder, 'summary.json');
    const { status, stderr } = spawnSync(
      `${projectFolder}/bin/bookrec`,
      ['train', '--summary', summary, '--run-id', 'books-1'],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: environment()['PATH'], ...given.env },
        timeout: 20_000,
      },
    );
    expect(status).toBe(given.status);
    expect(stderr).toMatch(given.says);
    const words = summarySchema.parse(JSON.parse(readFileSync(summary, 'utf8')));
    expect(words).toMatchObject({
      id: 'books-1',
      state: 'failed',
      published: false,
      error: { code: given.code, message: expect.stringMatching(given.says) as unknown },
    });
    rmSync(summary);
  });
});
