import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CARD_BLOB } from '../contracts/model-card.ts';
import { environment, projectFolder } from '../runtime/environment.ts';
import { VERSIONS_SET } from '../store/keys.ts';
import { openKv, openStore } from '../store/open-store.ts';
import { startBucketServer } from '../testing/bucket-server.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { leftOut } from '../testing/left-out.ts';
import { hasRedisServer, startRedisServer } from '../testing/redis-server.ts';
import { publishSample } from '../testing/sample-version.ts';
import { contentOf } from '../testing/version-content.ts';

const PROGRAM = `${projectFolder}/bin/bookrec`;
const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-archives-'));
const trained = `lmdb:${path.join(folder, 'trained')}`;
const archive = path.join(folder, 'a.model');
const generated = generatedData({ readers: 120, ratedBooks: 80 });
const redis = (await hasRedisServer()) ? await startRedisServer() : null;
if (redis === null) leftOut('models export and import: there is no redis-server on the PATH');

const variables = { PATH: environment()['PATH'], THREADS: '1' };

function bookrec(store: string, args: readonly string[], input: string | Buffer = '') {
  const { status, stdout, stderr } = spawnSync(PROGRAM, args, {
    cwd: folder,
    env: { ...variables, STORE_URL: store },
    input,
    timeout: 20_000,
  });
  return { code: status, stdout, text: stdout.toString(), stderr: stderr.toString() };
}

/** A Redis server that writes its snapshots into a folder of its own. */
async function snapshotServer() {
  const own = mkdtempSync(path.join(folder, 'snapshots-'));
  const server = await startRedisServer(['--dir', own]);
  const dump = path.join(own, 'dump.rdb');
  return { url: server.url, dump, [Symbol.asyncDispose]: () => server.stop() };
}

/** What people and machines get from a store: a list, and predictions for stored and unknown readers. */
function answersOf(store: string): string[] {
  const books = generated.rows.slice(0, 20).map(({ item }) => item);
  const pairs = ['r9', 'nobody'].flatMap((user) => books.map((item) => `${user},${item}\n`));
  return [
    bookrec(store, ['recommend', 'Zoë ☃', '--json']).text,
    bookrec(store, ['predict', '--pairs', '-'], `user,item\n${pairs.join('')}`).text,
  ];
}

/** All that is stored of the live version. */
async function liveOf(address: string) {
  const store = await openStore(address);
  try {
    const version = (await store.liveVersion()) ?? '';
    const [manifest, card] = [await store.manifest(version), await store.blob(version, CARD_BLOB)];
    return { manifest, card, content: await contentOf(store, version) };
  } finally {
    await store.close();
  }
}

beforeAll(() => {
  const data = writeFiles(path.join(folder, 'data'), generated.files);
  const settings = ['--rank', '2', '--sweeps', '8', '--list-length', '20'];
  expect(bookrec(trained, ['train', '--data', data, ...settings]).code).toBe(0);
  expect(bookrec(trained, ['models', 'export', archive]).code).toBe(0);
}, 30_000);

afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true });
});

describe('models export and import', () => {
  it.skipIf(redis === null)(
    'give the same answers, from LMDB to Redis and back to LMDB',
    async () => {
      const served = redis?.url ?? '';
      const second = `lmdb:${path.join(folder, 'second')}`;
      expect(bookrec(served, ['models', 'import', archive]).text).toMatch(
        /^imported: \S+ \(live\)/,
      );
      const { stdout } = bookrec(served, ['models', 'export', '-']);
      expect(bookrec(second, ['models', 'import', '-'], stdout).code).toBe(0);
      const answers = answersOf(trained);
      expect(answers.every((answer) => answer.length > 100)).toBe(true);
      expect(answersOf(served)).toEqual(answers);
      const wanted = await liveOf(trained);
      expect(wanted.manifest?.counts.readers).toBe(121);
      for (const place of [served, second]) {
        expect(isDeepStrictEqual(await liveOf(place), wanted)).toBe(true);
      }
    },
    40_000,
  );

  it.skipIf(redis === null)(
    'have the store keep what was imported, where that is asked for',
    async () => {
      await using server = await snapshotServer();
      const { url, dump } = server;
      expect(bookrec(url, ['models', 'import', archive]).code).toBe(0);
      expect(existsSync(dump)).toBe(false);
      const again = bookrec(url, ['models', 'import', archive, '--store-snapshot', 'yes']);
      expect(again.code).toBe(0);
      await expect.poll(() => existsSync(dump)).toBe(true);
    },
  );

  it('write nothing but the archive to standard output', () => {
    const { stdout, stderr } = bookrec(trained, ['models', 'export', '-', '--json']);
    expect(stdout.equals(readFileSync(archive))).toBe(true);
    expect(JSON.parse(stderr)).toMatchObject({ msg: 'exported', bytes: stdout.length });
  });

  it('go by a bucket', async () => {
    await using server = await startBucketServer();
    const store = `lmdb:${path.join(folder, 'from-bucket')}`;
    const env = {
      ...variables,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: server.url,
    };
    for (const [verb, url] of [
      ['export', trained],
      ['import', store],
    ] as const) {
      // Not `spawnSync`: the server is in this process.
      const child = spawn(PROGRAM, ['models', verb, 's3://b/a.model', '--store', url], { env });
      expect(await once(child, 'exit')).toEqual([0, null]);
    }
    expect(server.objects.get('b/a.model')?.equals(readFileSync(archive))).toBe(true);
    expect(bookrec(store, ['models', 'list', '--json']).text).toContain('"live":true');
  });

  it('take a version by its name, and leave it dark where that is asked for', async () => {
    const url = `lmdb:${path.join(folder, 'two')}`;
    const store = await openStore(url);
    for (const version of ['1', '2']) await publishSample(store, version, ['8']);
    const one = path.join(folder, 'one.model');
    expect(bookrec(url, ['models', 'export', one, '--version', '1']).text).toContain('exported: 1');
    await store.deleteVersion('1');
    const dark = bookrec(url, ['models', 'import', one, '--activate', 'no', '--json']);
    expect(JSON.parse(dark.text)).toEqual({ version: '1', wasThere: false, live: false });
    expect(await store.liveVersion()).toBe('2');
    const again = bookrec(url, ['models', 'import', one]);
    expect(again.text).toBe('was there already, the same: 1 (live)\n');
    await store.close();
  });

  it.each([
    { name: 'an archive that is cut short', cut: -1, text: 'cut short' },
    { name: 'a file of another kind', cut: 0, text: 'not a model archive' },
  ])('publish nothing of $name', ({ cut, text }) => {
    const file = path.join(folder, 'bad.model');
    const bytes = cut === 0 ? Buffer.from('something else, from elsewhere') : readFileSync(archive);
    writeFileSync(file, bytes.subarray(0, bytes.length + cut));
    const store = `lmdb:${path.join(folder, 'bad')}`;
    const { code, stderr } = bookrec(store, ['models', 'import', file]);
    expect(code).toBe(1);
    expect(stderr).toContain(text);
    expect(bookrec(store, ['models', 'list', '--json']).text).toContain('"versions":[]');
  });

  it('end with 1 where there is nothing to export, and leave no file', () => {
    const file = path.join(folder, 'none.model');
    const { code, stderr } = bookrec('lmdb:empty', ['models', 'export', file]);
    expect(code).toBe(1);
    expect(stderr).toContain('bookrec train');
    expect(() => readFileSync(file)).toThrow('ENOENT');
  });

  it.each([{ signal: 'SIGKILL' as const }, { signal: 'SIGTERM' as const }])(
    'keep the old version live when an import ends by $signal',
    async ({ signal }) => {
      const url = `lmdb:${path.join(folder, signal)}`;
      const store = await openStore(url);
      const kv = await openKv(url);
      await publishSample(store, 'old', ['8']);
      const child = spawn(PROGRAM, ['models', 'import', '-', '--store', url], {
        env: variables,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      const bytes = readFileSync(archive);
      child.stdin.write(bytes.subarray(0, bytes.length - 200));
      const begun = async () => (await kv.members(VERSIONS_SET)).length;
      await expect.poll(begun, { timeout: 10_000 }).toBe(2);
      child.kill(signal);
      await once(child, 'exit');
      expect(await store.liveVersion()).toBe('old');
      expect((await store.versions()).map(({ version }) => version)).toEqual(['old']);
      // What a signal stops in order takes its own leavings with it.
      expect(await begun()).toBe(signal === 'SIGTERM' ? 1 : 2);
      await Promise.all([kv.close(), store.close()]);
    },
    20_000,
  );
});
