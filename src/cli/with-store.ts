import { readFileSync } from 'node:fs';
import type { SettingKey, Settings } from '../contracts/settings.ts';
import { AppError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Store } from '../store/store.ts';

/** The settings that a verb needs to open the store. */
export const STORE_KEYS = [
  'store',
  'storeUsername',
  'storePassword',
  'storePasswordFile',
  'storeCaFile',
] as const satisfies readonly SettingKey[];

export type StoreSettings = Pick<Settings, (typeof STORE_KEYS)[number]>;

/** Who is told of what happens beside the use of the store. */
interface Watchers {
  /** Learns of an error of the opening. */
  readonly onUnopened?: (error: unknown) => void;
  readonly log?: Log;
}

/** Opens the store, and closes it when `use` has ended. */
export async function withStore<T>(
  settings: StoreSettings,
  use: (store: Store) => Promise<T>,
  { onUnopened, log }: Watchers = {},
): Promise<T> {
  const store = await open(settings, log).catch((error: unknown) => {
    onUnopened?.(error);
    throw error;
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

async function open(settings: StoreSettings, log?: Log): Promise<Store> {
  const { openStore } = await import('../store/open-store.ts');
  return openStore(settings.store, {
    username: settings.storeUsername,
    password: passwordOf(settings),
    caFile: settings.storeCaFile,
    log,
  });
}

/** The password as it is, or from the file where a secret is mounted. */
function passwordOf({ storePassword, storePasswordFile }: StoreSettings): string | undefined {
  if (storePassword !== undefined || storePasswordFile === undefined) return storePassword;
  try {
    return readFileSync(storePasswordFile, 'utf8').trim();
  } catch (cause) {
    throw new AppError(
      'BAD_SETTINGS',
      `the file of STORE_PASSWORD_FILE cannot be read: ${storePasswordFile}`,
      'Check that it exists and who may read it.',
      { cause },
    );
  }
}

/** The live version; throws `NOT_TRAINED`. */
export async function liveVersion(store: Store): Promise<string> {
  const version = await store.liveVersion();
  if (version !== null) return version;
  throw new AppError(
    'NOT_TRAINED',
    `model not trained yet: ${store.address} has no live version`,
    'Run `bookrec train`, or name another store with --store.',
  );
}

/** `VERSION_NOT_FOUND` for a version that was asked for. */
export function versionNotFound(version: string): AppError {
  return new AppError(
    'VERSION_NOT_FOUND',
    `no such model version: ${version}`,
    '`bookrec models list` shows the versions that there are.',
  );
}
