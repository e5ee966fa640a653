import { defineVerb } from '../verb.ts';
import { STORE_KEYS, withStore } from '../with-store.ts';

export const train = defineVerb({
  name: 'train',
  summary: 'Train on the ratings, measure, and publish',
  settings: [
    ...STORE_KEYS,
    'data',
    'scale',
    'maxBad',
    'minReaderRatings',
    'minBookRatings',
    'split',
    'heldOut',
    'seed',
    'rank',
    'sweeps',
    'threads',
    'listLength',
    'policy',
    'samples',
    'publish',
    'margin',
    'keep',
    'summary',
  ],
  run: ({ settings, log, signal, output }) =>
    withStore(settings, async (store) => {
      const { train: run } = await import('../../batch/train-run.ts');
      const record = await run(settings, { store, log, signal });
      output.show(record, () => `${record.state}: ${record.decision?.message ?? 'nothing new'}`);
    }),
});
