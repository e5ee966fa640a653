import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer as bytesOf } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../runtime/errors.ts';
import { type BucketServer, startBucketServer } from '../testing/bucket-server.ts';
import { readPlace, writePlace, type PlaceDeps } from './archive-places.ts';

const MIB = 1024 * 1024;
const CONTENT = Buffer.alloc(17 * MIB + 5, 'of any kind, ');
const KEYS = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-1' };

let server: BucketServer;
let folder = '';
let written: Uint8Array[] = [];

beforeAll(async () => {
  server = await startBucketServer();
});

afterAll(() => server[Symbol.asyncDispose]());

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bookrec-places-'));
  written = [];
  server.objects.clear();
  server.uploads.clear();
  server.failures.clear();
  server.requests.length = 0;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function deps(over: Partial<PlaceDeps> = {}): PlaceDeps {
  return {
    variables: { ...KEYS, AWS_ENDPOINT_URL: server.url },
    signal: new AbortController().signal,
    input: Readable.from([]),
    output: async (bytes) => void written.push(bytes),
    ...over,
  };
}

async function* pieces(bytes: Buffer, size = 3 * MIB): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

async function* breaking(error: Error): AsyncGenerator<Uint8Array> {
  yield* pieces(CONTENT);
  throw error;
}

const read = (place: string, over?: Partial<PlaceDeps>) => bytesOf(readPlace(place, deps(over)));

describe('a file', () => {
  it('is there only once it is whole', async () => {
    const path = join(folder, 'a.model');
    writeFileSync(path, 'before');
    const partly = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces(CONTENT);
      expect(readFileSync(path, 'utf8')).toBe('before');
    };
    expect(await writePlace(path, partly(), deps())).toBe(CONTENT.length);
    expect(readdirSync(folder)).toEqual(['a.model']);
    expect((await read(path)).equals(CONTENT)).toBe(true);
  });

  it('stays as it was where writing fails', async () => {
    const path = join(folder, 'a.model');
    writeFileSync(path, 'before');
    const lost = new AppError('STORE_UNAVAILABLE', 'gone', 'wait');
    await expect(writePlace(path, breaking(lost), deps())).rejects.toBe(lost);
    expect(readdirSync(folder)).toEqual(['a.model']);
    expect(readFileSync(path, 'utf8')).toBe('before');
  });

  it('leaves nothing when it is stopped', async () => {
    const controller = new AbortController();
    const stopping = async function* (): AsyncGenerator<Uint8Array> {
      yield CONTENT;
      controller.abort();
      yield CONTENT;
    };
    const stopped = deps({ signal: controller.signal });
    await expect(writePlace(join(folder, 'a.model'), stopping(), stopped)).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that cannot be read or written is named', async () => {
    const path = join(folder, 'none', 'a.model');
    const failure = {
      code: 'ARCHIVE_UNREACHABLE',
      message: expect.stringContaining(path) as string,
    };
    await expect(read(path)).rejects.toMatchObject(failure);
    await expect(writePlace(path, pieces(CONTENT), deps())).rejects.toMatchObject(failure);
  });
});

describe('a dash', () => {
  it('is standard input and output', async () => {
    expect(await writePlace('-', pieces(CONTENT), deps())).toBe(CONTENT.length);
    expect(Buffer.concat(written).equals(CONTENT)).toBe(true);
    const input = Readable.from([CONTENT]);
    expect((await read('-', { input })).equals(CONTENT)).toBe(true);
  });

  it('ends with its signal, though nothing comes in', async () => {
    const controller = new AbortController();
    const input = new Readable({
      read: () => {
        controller.abort();
      },
    });
    const stopped = read('-', { input, signal: controller.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a bucket', () => {
  const place = 's3://backups/models/live.model';
  const key = 'backups/models/live.model';

  it.each([{ bytes: CONTENT }, { bytes: Buffer.alloc(16 * MIB, 1) }, { bytes: Buffer.of(1) }])(
    'takes and gives $bytes.length bytes, with signed requests',
    async ({ bytes }) => {
      expect(await writePlace(place, pieces(bytes), deps())).toBe(bytes.length);
      expect(server.objects.get(key)?.equals(bytes)).toBe(true);
      expect(server.uploads.size).toBe(0);
      expect((await read(place)).equals(bytes)).toBe(true);
      for (const { authorization } of server.requests) {
        expect(authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=key\/\d{8}\/eu-1\/s3\//);
      }
    },
  );

  it('cuts in pieces of 8 MiB', async () => {
    await writePlace(place, pieces(CONTENT), deps());
    const lines = server.requests.map(({ line }) => line.replace(/uploadId=.*/, 'ID'));
    expect(lines).toEqual([
      `POST /${key}?uploads`,
      `PUT /${key}?partNumber=1&ID`,
      `PUT /${key}?partNumber=2&ID`,
      `PUT /${key}?partNumber=3&ID`,
      `POST /${key}?ID`,
    ]);
  });

  it.each([
    {
      name: 'the beginning',
      start: `POST /${key}?uploads`,
      status: 403,
      body: '<Code>Denied</Code>',
    },
    {
      name: 'a piece',
      start: `PUT /${key}?partNumber=2`,
      status: 400,
      body: '<Code>Denied</Code>',
    },
    {
      name: 'the joining',
      start: `POST /${key}?uploadId`,
      status: 200,
      body: '<Code>Denied</Code>',
    },
  ])('keeps what it had where $name fails', async ({ start, status, body }) => {
    server.objects.set(key, Buffer.from('before'));
    server.failures.set(start, { status, body });
    const failed = writePlace(place, pieces(CONTENT), deps());
    await expect(failed).rejects.toMatchObject({
      code: 'ARCHIVE_UNREACHABLE',
      message: expect.stringContaining('Denied') as string,
    });
    expect(server.objects.get(key)?.toString()).toBe('before');
    expect(server.uploads.size).toBe(0);
  });

  it('is asked again where it is busy', async () => {
    server.failures.set(`PUT /${key}?partNumber=1`, { status: 503, body: '' });
    await writePlace(place, pieces(CONTENT), deps());
    expect(server.objects.get(key)?.equals(CONTENT)).toBe(true);
  });

  it('keeps nothing of an export that failed or was stopped', async () => {
    const lost = new AppError('STORE_UNAVAILABLE', 'gone', 'wait');
    await expect(writePlace(place, breaking(lost), deps())).rejects.toBe(lost);
    const controller = new AbortController();
    const stopping = async function* (): AsyncGenerator<Uint8Array> {
      yield CONTENT;
      controller.abort();
      yield CONTENT;
    };
    const stopped = writePlace(place, stopping(), deps({ signal: controller.signal }));
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(server.objects.size + server.uploads.size).toBe(0);
  });

  it('needs credentials', async () => {
    const over = { variables: { AWS_ENDPOINT_URL: server.url } };
    await expect(read(place, over)).rejects.toMatchObject({ code: 'BAD_SETTINGS' });
  });
});

describe('an address', () => {
  it('can be read over http', async () => {
    server.objects.set('a.model', CONTENT);
    expect((await read(`${server.url}/a.model`)).equals(CONTENT)).toBe(true);
  });

  it.each([
    { place: () => `${server.url}/none?signature=secret`, code: 'ARCHIVE_UNREACHABLE' },
    { place: () => 'http://user:secret@127.0.0.1:1/a.model', code: 'BAD_SETTINGS' },
    { place: () => 'http://127.0.0.1:1/a.model?signature=secret', code: 'ARCHIVE_UNREACHABLE' },
    { place: () => 's3://backups/none', code: 'ARCHIVE_UNREACHABLE' },
    { place: () => 's3://backups', code: 'BAD_SETTINGS' },
    { place: () => 'ftp://user:secret@host/a.model', code: 'BAD_SETTINGS' },
  ])('that gives nothing is $code, without its secrets', async ({ place, code }) => {
    const error: unknown = await read(place()).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain('secret');
  });

  it('over http takes no export', async () => {
    const place = writePlace(`${server.url}/a.model`, pieces(CONTENT), deps());
    await expect(place).rejects.toMatchObject({ code: 'BAD_SETTINGS' });
  });
});
