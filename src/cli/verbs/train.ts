import type { RunRecord } from '../../contracts/run.ts';
import { TRAIN_KEYS } from '../../contracts/setting-groups.ts';
import { defineVerb } from '../verb.ts';
import { STORE_KEYS, withStore } from '../with-store.ts';

export const train = defineVerb({
  name: 'train',
  summary: 'Train on the ratings, measure, and publish',
  settings: [...STORE_KEYS, ...TRAIN_KEYS],
  run: async ({ settings, log, signal, output }) => {
    const { train: run } = await import('../../batch/train-run.ts');
    const { summarizeFailedStart } = await import('../../batch/run-recorder.ts');
    const record = await withStore(settings, (store) => run(settings, { store, log, signal }), {
      log,
      onUnopened: (error) => {
        summarizeFailedStart(settings, error, log);
      },
    });
    output.show(record, () => outcomeOf(record));
  },
});

function outcomeOf({ state, version, decision }: RunRecord): string {
  if (state === 'skipped') return 'Nothing to do: the live version has these data and settings.';
  const published = version === null ? 'Not published' : `Published as version ${version}`;
  return `${published}. ${decision?.message ?? ''}`;
}
