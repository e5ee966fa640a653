import { defineVerb } from '../verb.ts';
import { STORE_KEYS, withStore } from '../with-store.ts';

export const modelsDelete = defineVerb({
  name: 'models delete',
  summary: 'Delete a version that is not live',
  operands: ['<version>'],
  settings: STORE_KEYS,
  run: ({ settings, operands: [version = ''], output }) =>
    withStore(settings, async (store) => {
      await store.deleteVersion(version);
      output.show({ deleted: version }, () => `deleted: ${version}`);
    }),
});
