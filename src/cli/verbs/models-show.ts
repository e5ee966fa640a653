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
      output.show({ live, ...manifest }, () => table([['live', `${live}`], ...leaves(manifest)]));
    }),
});

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
