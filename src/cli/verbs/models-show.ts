import { CARD_BLOB, type ModelCard, modelCardSchema } from '../../contracts/model-card.ts';
import type { Store } from '../../store/store.ts';
import { table } from '../output.ts';
import { defineVerb } from '../verb.ts';
import { liveVersion, STORE_KEYS, versionNotFound, withStore } from '../with-store.ts';

export const modelsShow = defineVerb({
  name: 'models show',
  summary: 'Show all that is known of a model version; of the live one by default',
  operands: ['[version]'],
  settings: STORE_KEYS,
  run: ({ settings, operands, output }) =>
    withStore(settings, async (store) => {
      const version = operands[0] ?? (await liveVersion(store));
      const manifest = await store.manifest(version);
      if (manifest === null) throw versionNotFound(version);
      const live = (await store.liveVersion()) === version;
      const card = await cardOf(store, version);
      output.show({ live, ...manifest, card }, () =>
        card === null ? table([['live', `${live}`], ...leaves(manifest)]) : card.markdown,
      );
    }),
});

/** Null where an older release published the version. */
async function cardOf(store: Store, version: string): Promise<ModelCard | null> {
  const bytes = await store.blob(version, CARD_BLOB);
  return bytes === null
    ? null
    : modelCardSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

/** Every leaf of a record as its path and value. */
function leaves(value: unknown, path = ''): Array<[string, string]> {
  if (typeof value !== 'object' || value === null) {
    return [[path, typeof value === 'string' ? value : JSON.stringify(value)]];
  }
  if (Array.isArray(value) && value.every((entry) => typeof entry !== 'object')) {
    return [[path, value.join(' ')]];
  }
  return Object.entries(value).flatMap(([key, entry]) =>
    leaves(entry, path === '' ? key : `${path}.${key}`),
  );
}
