import { environment } from '../../runtime/environment.ts';
import type { Imported } from '../../store/archive.ts';
import { defineVerb } from '../verb.ts';
import { STORE_KEYS, withStore } from '../with-store.ts';

export const modelsImport = defineVerb({
  name: 'models import',
  summary: 'Publish a version from a file, an http, https or s3 address, or standard input (-)',
  operands: ['<from>'],
  settings: [...STORE_KEYS, 'activate', 'storeSnapshot'],
  run: ({ settings, operands: [from = ''], log, output, signal }) =>
    withStore(settings, async (store) => {
      const { importVersion } = await import('../../store/archive.ts');
      const { readPlace } = await import('../../store/archive-places.ts');
      const source = readPlace(from, {
        variables: environment(),
        signal,
        input: process.stdin,
        output: (chunk) => output.write(chunk),
      });
      const activate = settings.activate === 'yes';
      const imported = await importVersion(store, source, { activate });
      if (settings.storeSnapshot === 'yes') {
        // The version is published all the same.
        await store.snapshot().catch((err: unknown) => {
          log.warn({ err }, 'the store could not be told to write a snapshot');
        });
      }
      output.show(imported, () => outcomeOf(imported));
    }),
});

function outcomeOf({ version, wasThere, live }: Imported): string {
  const what = wasThere ? `was there already, the same: ${version}` : `imported: ${version}`;
  return live ? `${what} (live)` : `${what} (not live)`;
}
