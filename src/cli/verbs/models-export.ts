import { environment } from '../../runtime/environment.ts';
import { defineVerb } from '../verb.ts';
import { liveVersion, STORE_KEYS, withStore } from '../with-store.ts';

export const modelsExport = defineVerb({
  name: 'models export',
  summary: 'Write a model version to a file, to s3://BUCKET/KEY, or to standard output (-)',
  operands: ['<to>'],
  settings: [...STORE_KEYS, 'version'],
  run: ({ settings, operands: [to = ''], log, output, signal }) =>
    withStore(settings, async (store) => {
      const { exportVersion } = await import('../../store/archive.ts');
      const { writePlace } = await import('../../store/archive-places.ts');
      const version = settings.version ?? (await liveVersion(store));
      const bytes = await writePlace(to, exportVersion(store, version), {
        variables: environment(),
        signal,
        input: process.stdin,
        output: (chunk) => output.write(chunk),
      });
      const done = { exported: version, to, bytes };
      // Standard output holds the archive alone.
      if (to === '-') log.info(done, 'exported');
      else output.show(done, () => `exported: ${version} to ${to} (${bytes} bytes)`);
    }),
});
