import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SETTINGS, type SettingKey } from '../contracts/settings.ts';
import { projectFolder } from './environment.ts';
import { AppError } from './errors.ts';
import { loadSettings, type SettingSources } from './settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-settings-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Given {
  flags?: Partial<Record<SettingKey, string>>;
  environment?: Record<string, string>;
  file?: unknown;
}

let files = 0;

function sources({ flags = {}, environment = {}, file }: Given): SettingSources {
  if (file === undefined) return { flags, environment, file: undefined };
  const name = path.join(folder, `${(files += 1)}.json`);
  writeFileSync(name, typeof file === 'string' ? file : JSON.stringify(file));
  return { flags, environment, file: name };
}

/** The lines of the error, with the name of the file left out. */
function problemsOf(keys: readonly SettingKey[], given: Given): string[] {
  const from = sources(given);
  try {
    loadSettings(keys, from);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.code).toBe('BAD_SETTINGS');
    const [, ...lines] = error.message.split('\n');
    return lines.map((line) => line.trim().replaceAll(from.file ?? 'no file', 'FILE'));
  }
  return [];
}

describe('where a setting comes from', () => {
  it.each<{ name: string; given: Given; want: number }>([
    { name: 'its default', given: {}, want: 8 },
    { name: 'the file', given: { file: { rank: 9 } }, want: 9 },
    {
      name: 'the environment before the file',
      given: { environment: { RANK: '10' }, file: { rank: 9 } },
      want: 10,
    },
    {
      name: 'a flag before all',
      given: { flags: { rank: '11' }, environment: { RANK: '10' }, file: { rank: 9 } },
      want: 11,
    },
    { name: 'an empty variable is not set', given: { environment: { RANK: '' } }, want: 8 },
  ])('$name', ({ given, want }) => {
    expect(loadSettings(['rank'], sources(given))).toEqual({ rank: want });
  });

  it('gives the settings asked for and no others', () => {
    const settings = loadSettings(['port'], sources({ environment: { RANK: '3', PORT: '80' } }));
    expect(settings).toEqual({ port: 80 });
  });

  it('leaves out what has no value', () => {
    expect(loadSettings(['scale', 'summary'], sources({}))).toEqual({});
  });

  it('takes default paths from the project and given ones as they are', () => {
    expect(loadSettings(['store', 'data'], sources({}))).toEqual({
      store: `lmdb:${projectFolder}/var/store`,
      data: `${projectFolder}/data/bookcrossing`,
    });
    const given = sources({ flags: { data: 'here' }, environment: { STORE_URL: 'lmdb:there' } });
    expect(loadSettings(['store', 'data'], given)).toEqual({ store: 'lmdb:there', data: 'here' });
  });
});

describe('values', () => {
  it.each<{ key: SettingKey; text: string; want: unknown }>([
    { key: 'port', text: '0', want: 0 },
    { key: 'maxBad', text: '1%', want: 0.01 },
    { key: 'maxBad', text: '0.02', want: 0.02 },
    { key: 'scale', text: '0.5:5', want: { low: 0.5, high: 5 } },
    { key: 'store', text: 'rediss://cache:6380', want: 'rediss://cache:6380' },
    { key: 'split', text: 'leave-cold-books', want: 'leave-cold-books' },
    { key: 'data', text: '2024', want: '2024' },
  ])('$key takes $text', ({ key, text, want }) => {
    expect(loadSettings([key], sources({ flags: { [key]: text } }))).toEqual({ [key]: want });
  });

  it.each<{ key: SettingKey; text: string; want: string }>([
    { key: 'port', text: '65536', want: 'expected a whole number from 0 to 65535' },
    { key: 'port', text: '8e', want: 'expected a whole number from 0 to 65535' },
    { key: 'rank', text: '1.5', want: 'expected a whole number from 1 to 64' },
    { key: 'rank', text: ' ', want: 'expected a whole number from 1 to 64' },
    { key: 'maxBad', text: '101%', want: 'expected a share such as 0.1 or 10%' },
    { key: 'scale', text: '10:1', want: 'expected LOW below HIGH' },
    { key: 'store', text: 'mysql://x', want: 'expected lmdb:PATH' },
    { key: 'publish', text: 'maybe', want: '"if-not-worse"|"always"|"never"' },
  ])('$key refuses $text', ({ key, text, want }) => {
    const [problem, ...more] = problemsOf([key], { flags: { [key]: text } });
    expect(problem).toContain(want);
    expect(more).toEqual([]);
  });
});

describe('problems', () => {
  it('are all told at once, each with its source', () => {
    const problems = problemsOf(['port', 'rank', 'seed'], {
      flags: { port: 'x' },
      environment: { RANK: '0' },
      file: { seed: -1, rnk: 3 },
    });
    expect(problems).toEqual([
      '"rnk" (FILE): no such setting',
      '--port: expected a whole number from 0 to 65535, got "x"',
      'RANK (environment): expected a whole number from 1 to 64, got 0',
      '"seed" (FILE): expected a whole number from 0 to 4294967295, got -1',
    ]);
  });

  it('in the file count even where the setting is of another verb', () => {
    expect(problemsOf(['port'], { file: { rank: 0 } })).toHaveLength(1);
    expect(problemsOf(['port'], { file: { rank: 3 } })).toEqual([]);
  });

  it.each([
    { name: 'not JSON', file: '{"rank": ', want: 'JSON' },
    { name: 'a list', file: [1], want: 'expected one JSON object' },
    { name: 'a password', file: { storePassword: 'x' }, want: 'STORE_PASSWORD in the environment' },
  ])('of the file: $name', ({ file, want }) => {
    const problems = problemsOf(['port'], { file });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(want);
  });

  it('never show a secret', () => {
    const text = problemsOf(['storePassword', 'port'], {
      environment: { STORE_PASSWORD: 'hush', PORT: 'x' },
    }).join('\n');
    expect(text).not.toContain('hush');
  });

  it('of a file that is not there', () => {
    const missing = { flags: {}, environment: {}, file: path.join(folder, 'none.json') };
    expect(() => loadSettings(['port'], missing)).toThrow('ENOENT');
  });
});

describe('names', () => {
  it('of flags and variables occur once', () => {
    const flags = SETTINGS.map(({ flag }) => flag).filter((flag) => flag !== null);
    expect(new Set(flags).size).toBe(flags.length);
    expect(new Set(SETTINGS.map(({ env }) => env)).size).toBe(SETTINGS.length);
  });

  it('of secrets are no flags', () => {
    const secrets = SETTINGS.filter(({ key }) => key.includes('assword'));
    expect(secrets.map(({ flag }) => flag)).toEqual([null, null]);
  });
});
