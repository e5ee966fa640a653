import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../runtime/log.ts';
import { fetchFiles } from './fetch-files.ts';

const CONTENT = 'user_id,item_id,rating\n8,0195153448,7\n';
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');
const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-1' };

let base = '';
let folder = '';
let authorization: string | undefined;
const server = createServer(answer);

function answer(request: IncomingMessage, response: ServerResponse): void {
  authorization = request.headers.authorization;
  if (request.url === '/cut/ratings.csv') {
    response.writeHead(200, { 'content-length': 1000 }).write('half', () => response.destroy());
  } else if (request.url?.endsWith('/ratings.csv') === true) response.end(CONTENT);
  else response.writeHead(404).end();
}

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  base = `http://127.0.0.1:${typeof address === 'object' ? String(address?.port) : ''}`;
});

afterAll(() => server.close());

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bookrec-fetch-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const run = (
  files: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  signal = new AbortController().signal,
) =>
  fetchFiles(files, folder, { variables, signal }, createLog({ level: 'silent', format: 'json' }));

describe('fetchFiles', () => {
  it('writes the file under its name', async () => {
    const files = await run([`${base}/a/ratings.csv#sha256=${SHA256}`]);
    expect(files).toEqual([{ name: 'ratings.csv', bytes: CONTENT.length }]);
    expect(readFileSync(path.join(folder, 'ratings.csv'), 'utf8')).toBe(CONTENT);
    expect(authorization).toBeUndefined();
  });

  it('signs requests for a bucket', async () => {
    const variables = { ...KEYS, AWS_ENDPOINT_URL: base };
    await run([`s3://books/2026/ratings.csv#sha256=${SHA256}`], variables);
    expect(readdirSync(folder)).toEqual(['ratings.csv']);
    expect(authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-1\/s3\/aws4_request/,
    );
  });

  it.each([
    {
      name: 'another content',
      file: () => `${base}/ratings.csv#sha256=${'0'.repeat(64)}`,
      code: 'DATA_CHECKSUM',
    },
    {
      name: 'a file that is not there',
      file: () => `${base}/items.csv#sha256=${SHA256}`,
      code: 'DATA_NOT_FETCHED',
    },
    {
      name: 'a connection that breaks',
      file: () => `${base}/cut/ratings.csv#sha256=${SHA256}`,
      code: 'DATA_NOT_FETCHED',
    },
    {
      name: 'no server',
      file: () => `http://127.0.0.1:1/ratings.csv#sha256=${SHA256}`,
      code: 'DATA_NOT_FETCHED',
    },
    { name: 'no checksum', file: () => `${base}/ratings.csv`, code: 'BAD_SETTINGS' },
    { name: 'no name', file: () => `${base}/#sha256=${SHA256}`, code: 'BAD_SETTINGS' },
    {
      name: 'another protocol',
      file: () => `ftp://h/a.csv#sha256=${SHA256}`,
      code: 'BAD_SETTINGS',
    },
    {
      name: 'a bucket without keys',
      file: () => `s3://b/a.csv#sha256=${SHA256}`,
      code: 'BAD_SETTINGS',
    },
  ])('leaves nothing behind and says $code for $name', async ({ file, code }) => {
    await expect(run([file()])).rejects.toMatchObject({ code });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses two files of one name before it downloads any', async () => {
    const file = `ratings.csv#sha256=${SHA256}`;
    await expect(run([`${base}/a/${file}`, `${base}/b/${file}`])).rejects.toMatchObject({
      code: 'BAD_SETTINGS',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('keeps the secrets of a signed address out of the message', async () => {
    const signed = `${base}/items.csv?signature=secret#sha256=${SHA256}`;
    await expect(run([signed])).rejects.not.toThrow(/secret/);
  });

  it('stops with its signal', async () => {
    const stopped = AbortSignal.abort();
    await expect(run([`${base}/ratings.csv#sha256=${SHA256}`], {}, stopped)).rejects.toThrow();
    expect(readdirSync(folder)).toEqual([]);
  });
});
