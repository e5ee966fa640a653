import { MODEL_BLOB, openModel } from './model-codec.ts';
import type { Store } from './store.ts';

/**
 * Throws `VERSION_FOREIGN` or `STORE_CORRUPT` for a version whose model this release cannot read: were it made live, replicas would go on with
 * what they have, and not start again. Of a version that is not there the store says so.
 */
export async function assertReadable(store: Store, version: string): Promise<void> {
  const model = await store.blob(version, MODEL_BLOB);
  if (model !== null) openModel(model);
}
