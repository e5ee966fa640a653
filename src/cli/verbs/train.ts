import type { RunRecord } from '../../contracts/run.ts';
import { TRAIN_KEYS } from '../../contracts/setting-groups.ts';
import { defineVerb } from '../verb.ts';
import { STORE_KEYS, withStore } from '../with-store.ts';

export const train = defineVerb({
  name: 'train',
  summary: 'Train on the ratings, measure, and publish',
  settings: [...STORE_KEYS, ...TRAIN_KEYS],
  run: ({ settings, log, signal, output }) =>
    withStore(settings, async (store) => {
      const { train: run } = await import('../../batch/train-run.ts');
      const record = await run(settings, { store, log, signal });
      output.show(record, () => outcomeOf(record));
    }),
});

function outcomeOf({ state, version, decision }: RunRecord): string {
  if (state === 'skipped') return 'Nothing to do: the live version has these data and settings.';
  const published = version === null ? 'Not published' : `Published as version ${version}`;
  return `${published}. ${decision?.message ?? ''}`;
}
