import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { pino } from 'pino';
import { systemClock } from '../runtime/clock.ts';
import { packColumns } from '../store/columns.ts';
import { versionCodec } from '../store/model-codec.ts';
import { type ApiUnderTest, apiUnderTest } from '../testing/api-under-test.ts';
import { LiveModel, trained } from './live-model.ts';
import { publishSample, sampleManifest } from '../testing/sample-version.ts';

let api: ApiUnderTest;

beforeEach(async () => {
  api = await apiUnderTest();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

const messages = (): unknown[] => api.logged.map(({ msg }) => msg);

/** A version that is complete for the store, but has nothing that can be served. */
async function publishEmpty(version: string): Promise<void> {
  const { store } = api.switched;
  const writer = await store.begin(version);
  await writer.commit(sampleManifest(version, 0));
  await store.setLive(version);
}

describe('LiveModel', () => {
  it('knows nothing before it has looked', () => {
    expect(api.live.snapshot()).toEqual({ version: null, known: false, degraded: false });
  });

  it('follows the pointer forth and back, and leaves earlier snapshots as they were', async () => {
    await publishSample(api.switched.store, 'v1', ['8']);
    await api.live.poll();
    const first = api.live.snapshot();
    await publishSample(api.switched.store, 'v2', ['8']);
    await api.live.poll();
    expect(api.live.snapshot().version?.id).toBe('v2');
    expect(first.version?.id).toBe('v1');
    await api.switched.store.setLive('v1');
    await api.live.poll();
    expect(api.live.snapshot().version?.id).toBe('v1');
  });

  it('loads a version once, however often it looks', async () => {
    await publishSample(api.switched.store, 'v1', ['8']);
    for (let i = 0; i < 3; i++) await api.live.poll();
    expect(api.switched.calls.filter((name) => name === 'blob')).toHaveLength(3);
  });

  it('keeps the version in memory while the store is away, and logs each change once', async () => {
    await publishSample(api.switched.store, 'v1', ['8']);
    await api.live.poll();
    api.switched.away = true;
    for (let i = 0; i < 3; i++) await api.live.poll();
    expect(api.live.snapshot()).toMatchObject({ degraded: true, version: { id: 'v1' } });
    api.switched.away = false;
    for (let i = 0; i < 3; i++) await api.live.poll();
    expect(api.live.snapshot().degraded).toBe(false);
    expect(messages()).toEqual(['model loaded', 'store does not answer', 'store answers again']);
  });

  it('logs once that the store is away from the start', async () => {
    api.switched.away = true;
    for (let i = 0; i < 3; i++) await api.live.poll();
    expect(messages()).toEqual(['store does not answer']);
    expect(api.live.snapshot()).toEqual({ version: null, known: false, degraded: false });
  });

  it('goes on with the old version when the new one cannot be loaded, without trying all the time', async () => {
    await publishSample(api.switched.store, 'v1', ['8']);
    await api.live.poll();
    await publishEmpty('v2');
    for (let i = 0; i < 5; i++) await api.live.poll();
    expect(api.live.snapshot()).toMatchObject({ degraded: false, version: { id: 'v1' } });
    expect(messages()).toEqual(['model loaded', 'live model cannot be loaded']);
    await publishSample(api.switched.store, 'v3', ['8']);
    await api.live.poll();
    expect(api.live.snapshot().version?.id).toBe('v3');
  });

  it('says that the live version is of another release, and is not ready', async () => {
    const { store } = api.switched;
    await publishSample(store, 'v1', ['8']);
    const older = packColumns({ scalars: {} });
    const live = new LiveModel({
      store,
      codec: { ...versionCodec, model: () => versionCodec.model(older) },
      log: pino({ level: 'silent' }),
      clock: systemClock,
      onStoreError: () => undefined,
    });
    await live.poll();
    expect(live.snapshot().known).toBe(false);
    expect(() => trained(live.snapshot())).toThrow(
      expect.objectContaining({
        code: 'NOT_TRAINED',
        message: expect.stringContaining('another release') as string,
      }),
    );
  });

  it('asks the store again after it was away, even if the new version cannot be loaded', async () => {
    await publishSample(api.switched.store, 'v1', ['8']);
    await api.live.poll();
    api.switched.away = true;
    await api.live.poll();
    api.switched.away = false;
    await publishEmpty('v2');
    for (let i = 0; i < 2; i++) await api.live.poll();
    expect(api.live.snapshot()).toMatchObject({ degraded: false, version: { id: 'v1' } });
  });

  it('is degraded when the store has lost the pointer', async () => {
    await publishSample(api.switched.store, 'v1', ['8']);
    await api.live.poll();
    api.switched.emptied = true;
    await api.live.poll();
    expect(api.live.snapshot()).toMatchObject({ degraded: true, version: { id: 'v1' } });
  });

  it.each([0, 0.5])('waits for a share of the time that is drawn, %d', async (drawn) => {
    vi.spyOn(Math, 'random').mockReturnValue(drawn);
    onTestFinished(() => void vi.restoreAllMocks());
    await publishEmpty('v1');
    await api.live.poll();
    for (const [passed, tries] of [
      [0.49 + drawn / 2, 1],
      [0.01, 2],
    ] as const) {
      api.clock.advance(passed);
      await api.live.poll();
      expect(messages()).toHaveLength(tries);
    }
  });

  it('tries a version that could not be loaded again later', async () => {
    await publishEmpty('v1');
    await api.live.poll();
    api.clock.advance(1);
    await api.live.poll();
    api.clock.advance(1);
    await api.live.poll();
    api.clock.advance(1);
    await api.live.poll();
    expect(messages()).toHaveLength(3);
  });
});
