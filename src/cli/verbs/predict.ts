import { settingsError } from '../../runtime/settings.ts';
import type { Pair } from '../../batch/ingest/stream-pairs.ts';
import { defineVerb } from '../verb.ts';
import { liveVersion, STORE_KEYS, withStore } from '../with-store.ts';

export const predict = defineVerb({
  name: 'predict',
  summary: 'Predict the rating of each pair of reader and book, as CSV with spread and quantiles',
  settings: [...STORE_KEYS, 'pairs'],
  run: async ({ settings, log, output, signal }) => {
    const { pairs: file } = settings;
    if (file === undefined) {
      throw settingsError([
        '--pairs: missing; give a CSV file with user,item, or - for standard input',
      ]);
    }
    const { predictPairs } = await import('../../batch/predict-run.ts');
    const pairs = await openPairs(file, signal);
    await withStore(settings, async (store) => {
      const version = await liveVersion(store);
      const write = (lines: string): Promise<void> => output.write(lines);
      const summary = await predictPairs({ store, version, pairs, write });
      log.info({ version, ...summary }, 'predicted');
    });
  },
});

async function openPairs(file: string, signal: AbortSignal): Promise<AsyncGenerator<Pair>> {
  const { openDataFile, textChunks } = await import('../../batch/ingest/data-files.ts');
  const { streamPairs } = await import('../../batch/ingest/stream-pairs.ts');
  const name = file === '-' ? 'standard input' : file;
  const chunks =
    file === '-'
      ? textChunks(name, process.stdin)
      : (await openDataFile({ path: file, name })).chunks;
  return streamPairs(name, chunks, signal);
}
