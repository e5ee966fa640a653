import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { afterAll, describe, expect, it } from 'vitest';
import { openStore } from '../store/open-store.ts';
import { batchSettings } from '../testing/batch-settings.ts';
import { writeFiles } from '../testing/data-directory.ts';
import { generatedData } from '../testing/generated-data.ts';
import { gpuOrNull } from '../testing/gpu.ts';
import { chooseBackend, ifLargeEnough } from './choose-backend.ts';
import { train } from './train-run.ts';
import { Gpu } from './train/gpu/gpu.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'bookrec-gpu-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const probe = await gpuOrNull();
await probe?.close();
const open = () => Gpu.open({ software: true });

describe.runIf(probe !== null)('a run on a GPU', () => {
  it('publishes, and says what it ran on', async () => {
    const data = writeFiles(path.join(folder, 'data'), generatedData().files);
    const store = await openStore(`lmdb:${path.join(folder, 'store')}`);
    const { signal } = new AbortController();
    const log = pino({ level: 'silent' });
    const settings = batchSettings({ data, warmStart: 'none', backend: 'gpu', threads: 2 });
    const record = await train(settings, { store, log, signal, openGpu: open });
    expect(record).toMatchObject({ state: 'succeeded', backend: { used: 'gpu' } });
    expect(record.backend?.reason).toMatch(/^asked for: ./);
    expect(await store.liveVersion()).toBe(record.version);
    await store.close();
  });

  it('takes the CPU where the GPU is too small, and says so, unless a GPU was asked for by name', async () => {
    const chosen = await chooseBackend('auto', open);
    expect(chosen.backend).toMatchObject({ used: 'gpu' });
    expect(chosen.backend.reason).toMatch(/^found: ./);
    expect(await ifLargeEnough(chosen, 'auto', 1000, 17)).toBe(chosen);
    const [rows, dim] = [2 ** 30, 65];
    await expect(ifLargeEnough(chosen, 'gpu', rows, dim)).rejects.toMatchObject({ code: 'NO_GPU' });
    const { backend, gpu } = await ifLargeEnough(chosen, 'auto', rows, dim);
    expect(gpu).toBeNull();
    expect(backend).toMatchObject({ used: 'cpu' });
    expect(backend.reason).toMatch(/MiB in one piece/);
  });
});
