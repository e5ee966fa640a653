import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { feedbackConformance } from '../testing/feedback-conformance.ts';
import { storeConformance } from '../testing/store-conformance.ts';
import { openStore } from './open-store.ts';

async function folder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'bookrec-lmdb-'));
}

async function backend() {
  const path = await folder();
  return { url: `lmdb:${path}`, stop: () => rm(path, { recursive: true }) };
}

storeConformance('LMDB', backend);
feedbackConformance('LMDB', backend);

describe('openStore with lmdb:', () => {
  it('says what is wrong with a path that is a file', async () => {
    const path = await folder();
    onTestFinished(() => rm(path, { recursive: true }));
    const file = join(path, 'file');
    await writeFile(file, 'x');
    await expect(openStore(`lmdb:${file}`)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining(file) as string,
    });
  });

  it('does not take a foreign file for a store', async () => {
    const path = await folder();
    onTestFinished(() => rm(path, { recursive: true }));
    await writeFile(join(path, 'data.mdb'), Buffer.alloc(64 * 1024, 'x'));
    await expect(openStore(`lmdb:${path}`)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('creates the folder and its parents', async () => {
    const path = await folder();
    onTestFinished(() => rm(path, { recursive: true }));
    const store = await openStore(`lmdb:${join(path, 'a', 'b.c')}`);
    await store.ping();
    await store.close();
    expect(store.address).toBe(`lmdb:${join(path, 'a', 'b.c')}`);
  });
});
