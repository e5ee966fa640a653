import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../model/random.ts';
import { environment, projectFolder } from '../runtime/environment.ts';
import { CATALOGUE_BLOB, encodeCatalogue } from '../store/catalogue-codec.ts';
import { encodeModel, MODEL_BLOB } from '../store/model-codec.ts';
import { openStore } from '../store/open-store.ts';
import { randomModel } from '../testing/random-model.ts';
import { sampleManifest } from '../testing/sample-version.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-predict-'));
const store = `lmdb:${path.join(folder, 'store')}`;

beforeAll(async () => {
  const opened = await openStore(store);
  const writer = await opened.begin('20260101-000000');
  const texts = [''];
  const catalogue = encodeCatalogue({
    ids: ['0195153448'],
    title: texts,
    author: texts,
    publisher: texts,
    year: new Int16Array(1),
    listed: Uint8Array.of(1),
  });
  await writer.putBlob(CATALOGUE_BLOB, catalogue);
  await writer.putBlob(MODEL_BLOB, encodeModel(randomModel(seededRandom(1), 2, 2)));
  await writer.commit(sampleManifest('20260101-000000', 0));
  await opened.setLive('20260101-000000');
  await opened.close();
  writeFileSync(path.join(folder, 'pairs.csv.gz'), gzipSync('8,0195153448\n9,nothing\n'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const predict = (args: readonly string[], input = '') =>
  spawnSync(`${projectFolder}/bin/bookrec`, ['predict', ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: environment()['PATH'], STORE_URL: store },
    input,
    timeout: 15_000,
  });

describe('predict', () => {
  it('answers pairs on standard input by CSV on standard output, and logs the counts', () => {
    const { status, stdout, stderr } = predict(['--pairs', '-'], 'user,item\n8,0195153448\n9,x\n');
    expect(status).toBe(0);
    const [header, ...rows] = stdout.trimEnd().split('\n');
    expect(header).toMatch(/^user,item,mean,sd,/);
    expect(rows).toEqual([
      expect.stringMatching(/^8,0195153448(,\d+\.\d{4}){10}$/),
      expect.stringMatching(/^9,x(,\d+\.\d{4}){10}$/),
    ]);
    expect(JSON.parse(stderr)).toMatchObject({ pairs: 2, unknownReaders: 2, unknownBooks: 1 });
  });

  it('reads a gzipped file', () => {
    const { status, stdout } = predict(['--pairs', 'pairs.csv.gz']);
    expect(status).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  });

  it.each([
    { name: 'no file is named', args: [], code: 2, text: '--pairs: missing' },
    { name: 'the file is not there', args: ['--pairs', 'none.csv'], code: 1, text: 'none.csv' },
    {
      name: 'nothing is trained',
      args: ['--pairs', '-', '--store', 'lmdb:empty'],
      code: 1,
      text: 'bookrec train',
    },
  ])('says so and writes nothing where $name', ({ args, code, text }) => {
    const { status, stdout, stderr } = predict(args);
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
    expect(stderr).toContain(text);
  });

  it('names the line that is not a pair', () => {
    const { status, stderr } = predict(['--pairs', '-'], 'user,item\n8,x\n9\n');
    expect(status).toBe(1);
    expect(stderr).toContain('standard input, line 3, column 2');
  });
});
