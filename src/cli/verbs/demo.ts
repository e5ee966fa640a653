import { defineVerb } from '../verb.ts';
import { withStore } from '../with-store.ts';
import { api } from './api.ts';
import { train } from './train.ts';

export const demo = defineVerb({
  name: 'demo',
  summary: 'Train if nothing is trained yet, then serve',
  settings: [...new Set([...train.settings, ...api.settings])],
  run: async (context) => {
    const live = await withStore(context.settings, (store) => store.liveVersion());
    if (live === null) await train.run(context);
    await api.run(context);
  },
});
