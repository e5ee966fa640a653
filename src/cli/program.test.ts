import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { environment, projectFolder } from '../runtime/environment.ts';
import { openStore } from '../store/open-store.ts';
import { publishSample } from '../testing/sample-version.ts';
import { SETTINGS } from '../contracts/settings.ts';
import { runProgram } from './program.ts';
import { VERBS } from './verbs.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-cli-'));
const store = `lmdb:${path.join(folder, 'store')}`;

beforeAll(async () => {
  const opened = await openStore(store);
  await publishSample(opened, '20260101-000000', ['8', 'a b']);
  await publishSample(opened, '20260102-000000', ['8', 'a b']);
  await opened.close();
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function bookrec(args: readonly string[], variables: Record<string, string> = {}): Ended {
  const { status, stdout, stderr } = spawnSync(`${projectFolder}/bin/bookrec`, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: environment()['PATH'], ...variables },
    timeout: 15_000,
  });
  return { code: status, stdout, stderr };
}

/** The same in this process, which takes a tenth of the time. */
async function inProcess(
  args: readonly string[],
  variables: Record<string, string> = {},
): Promise<Ended> {
  const ended = { code: null as number | null, stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      ended[name] += String(text);
      return true;
    });
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  try {
    ended.code = await runProgram(VERBS, args);
  } finally {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  }
  return ended;
}

describe('help', () => {
  it('lists every verb', () => {
    const { code, stdout } = bookrec(['--help']);
    expect(code).toBe(0);
    for (const word of new Set(VERBS.map(({ name }) => name.split(' ')[0] ?? ''))) {
      expect(stdout).toMatch(new RegExp(`^  ${word}\\b`, 'm'));
    }
  });

  it.each(VERBS)(
    'of $name names its own settings and no other, --json and --config',
    async ({ name, settings }) => {
      const { code, stdout } = await inProcess([...name.split(' '), '--help']);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: bookrec ${name}`);
      const own = [...settings, 'logLevel', 'logFormat'];
      const infos = SETTINGS.filter(({ key }) => own.includes(key));
      const named = infos.flatMap(({ flag }) => (flag === null ? [] : [flag]));
      const flags = [...stdout.matchAll(/^ +(?:-h, )?--([a-z-]+)/gm)].map(([, flag]) => flag);
      expect(flags.sort()).toEqual([...named, 'config', 'json', 'help'].sort());
      for (const { flag, env } of infos) {
        expect(stdout).toMatch(new RegExp(flag === null ? `^ +${env} ` : `env:\\s+${env}\\)`, 'm'));
      }
    },
  );

  it('is shown from a linked program and another folder', () => {
    const link = path.join(folder, 'linked');
    symlinkSync(`${projectFolder}/bin/bookrec`, link);
    expect(spawnSync(link, ['--help'], { encoding: 'utf8', cwd: '/' }).status).toBe(0);
  });
});

describe('wrong use ends with 2 and', () => {
  it('tells every problem at once', () => {
    const file = path.join(folder, 'settings.json');
    writeFileSync(file, '{"rnk": 8, "port": 1}');
    const args = ['recommend', '8', '--bogus', '3', '--top-k', 'x', '--other=1', '--config', file];
    const { code, stdout, stderr } = bookrec(args, { STORE_URL: 'mysql://x' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    for (const name of ['--bogus: ', '--other: ', '--top-k: ', '"rnk" (', 'STORE_URL (env']) {
      expect(stderr).toContain(name);
    }
  });

  it('tells it as JSON to machines', async () => {
    const { code, stderr } = await inProcess(['models', 'list', '--bogus', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'BAD_SETTINGS' } });
  });

  it.each([
    { name: 'no verb', args: [] },
    { name: 'an unknown verb', args: ['trian'] },
    { name: 'a missing operand', args: ['recommend'] },
    { name: 'an operand too many', args: ['recommend', '8', '9'] },
    { name: 'a flag without its value', args: ['models', 'list', '--store'] },
    { name: 'a password as a flag', args: ['models', 'list', '--store-password', 'x'] },
    {
      name: 'a settings file that is not there',
      args: ['models', 'list', '--config', path.join(folder, 'none')],
    },
  ])('says so: $name', async ({ args }) => {
    const { code, stdout, stderr } = await inProcess(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toBe('');
  });
});

describe('failure ends with 1 and says what to do:', () => {
  it.each([
    {
      name: 'a store without a model',
      store: `lmdb:${path.join(folder, 'empty')}`,
      text: 'bookrec train',
    },
    { name: 'a store that is away', store: 'redis://127.0.0.1:1', text: 'redis://127.0.0.1:1' },
  ])('$name', async ({ store: address, text }) => {
    const { code, stdout, stderr } = await inProcess(['recommend', '8', '--store', address]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(text);
  });

  it.each([
    { name: 'an unknown version', args: ['models', 'show', '1'], text: 'models list' },
    { name: 'deleting the live one', args: ['models', 'delete', '20260102-000000'], text: 'live' },
  ])('$name', async ({ args, text }) => {
    const { code, stderr } = await inProcess(args, { STORE_URL: store });
    expect(code).toBe(1);
    expect(stderr).toContain(text);
  });
});

describe('recommend', () => {
  it('prints a line a book, best first', async () => {
    const { code, stdout } = await inProcess(['recommend', '8', '--top-k', '2'], {
      STORE_URL: store,
    });
    expect(code).toBe(0);
    const [, ...books] = stdout.trimEnd().split('\n');
    expect(books).toHaveLength(2);
    expect(books[0]).toMatch(
      /^1 +8\.50 ± 1\.\d\d +5\.5 to 10\.0 +5\.00 % +0195153448 +Classical Mythology/,
    );
  });

  it('writes JSON with the names of the API', async () => {
    const { stdout } = await inProcess(['recommend', 'a b', '--json'], { STORE_URL: store });
    expect(JSON.parse(stdout)).toMatchObject({
      user_id: 'a b',
      model_version: '20260102-000000',
      source: 'personal',
      recommendations: [{ rank: 1, isbn: '0195153448', predicted_rating: 8.5 }, {}, {}],
    });
  });
});

describe('models', () => {
  const live = async (): Promise<unknown> => {
    const { stdout } = await inProcess(['models', 'list', '--json'], { STORE_URL: store });
    return (JSON.parse(stdout) as { live: unknown }).live;
  };

  it('shows the live version by default, one field a line', async () => {
    const { stdout } = await inProcess(['models', 'show'], { STORE_URL: store });
    expect(stdout).toMatch(/^live +true$/m);
    expect(stdout).toMatch(/^version +20260102-000000$/m);
    expect(stdout).toMatch(/^metrics\.model\.rmse +1\.55$/m);
  });

  it('are listed newest first, rolled back and deleted', async () => {
    const { stdout } = await inProcess(['models', 'list'], { STORE_URL: store });
    expect(stdout.split('\n').slice(1, 3)).toEqual([
      expect.stringMatching(/^20260102-000000 +live /),
      expect.stringMatching(/^20260101-000000 +2026/),
    ]);
    expect((await inProcess(['models', 'rollback'], { STORE_URL: store })).code).toBe(0);
    expect(await live()).toBe('20260101-000000');
    expect((await inProcess(['models', 'rollback'], { STORE_URL: store })).code).toBe(1);
    const back = await inProcess(['models', 'rollback', '20260102-000000'], { STORE_URL: store });
    expect(back.stdout).toBe('live: 20260102-000000 (was 20260101-000000)\n');
    await inProcess(['models', 'delete', '20260101-000000'], { STORE_URL: store });
    const { stdout: rest } = await inProcess(['models', 'list'], { STORE_URL: store });
    expect(rest).not.toContain('20260101-000000');
  });

  it('of another release do not go live', async () => {
    const opened = await openStore(store);
    const before = await opened.liveVersion();
    await publishSample(opened, '20250101-000000', ['8'], undefined, { format: 99 });
    await opened.setLive(before ?? '');
    await opened.close();
    const back = await inProcess(['models', 'rollback', '20250101-000000'], { STORE_URL: store });
    expect(back.code).toBe(1);
    expect(back.stderr).toContain('another release');
    expect(await live()).toBe(before);
  });
});

describe('fetch', () => {
  it('takes any number of files and judges all before the first download', async () => {
    const first = `http://127.0.0.1:1/a.csv#sha256=${'0'.repeat(64)}`;
    const { code, stderr } = await inProcess(['fetch', '--data', folder, first, 'second']);
    expect(code).toBe(2);
    expect(stderr).toContain('not the address of a file with its checksum: second');
  });
});
