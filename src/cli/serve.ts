import { setFlagsFromString } from 'node:v8';
import type { VersionCodec } from '../api/live-model.ts';
import type { Store } from '../store/store.ts';
import type { VerbContext } from './verb.ts';
import { STORE_KEYS, withStore } from './with-store.ts';

/** The settings that a verb needs to serve. */
export const SERVE_KEYS = [
  ...STORE_KEYS,
  'host',
  'port',
  'maxInFlight',
  'drainSeconds',
  'apiKeysFile',
  'rateLimit',
  'trustedProxies',
  'storeSnapshot',
] as const;

/**
 * How V8 collects what requests leave. Without the first it may take them for long-lived and put hundreds of MiB among the old objects
 * within seconds of load. The others have it look through those, in slices, when they have grown by 15 % of what it would let them, which
 * is several times what is needed; at 40 % at the latest.
 */
const COLLECTOR = [
  '--no-allocation-site-pretenuring',
  '--incremental-marking-soft-trigger=15',
  '--incremental-marking-hard-trigger=40',
];

/** Serves the live version until the signal aborts, and prints what to open. */
export async function serve(
  { settings, log, output, signal }: VerbContext<(typeof SERVE_KEYS)[number]>,
  codec: VersionCodec,
): Promise<void> {
  for (const flag of COLLECTOR) setFlagsFromString(flag);
  const { startApi } = await import('../api/main.ts');
  const run = async (store: Store): Promise<void> => {
    const { host, port, maxInFlight, apiKeysFile: keysFile } = settings;
    const { rateLimit, trustedProxies } = settings;
    const lameDuckMs = settings.drainSeconds * 1000;
    const limits = { maxInFlight, keysFile, rateLimit, trustedProxies };
    const snapshots = settings.storeSnapshot === 'yes';
    const options = { store, codec, host, port, ...limits, snapshots, log, signal, lameDuckMs };
    const { url, closed } = await startApi(options);
    output.show({ url }, () =>
      [`Open ${url} in a browser, or ask for a reader's books:`, `  curl ${url}/recommend/8`].join(
        '\n',
      ),
    );
    await closed;
  };
  await withStore(settings, run, { log });
}
