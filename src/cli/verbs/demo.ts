import type { Store } from '../../store/store.ts';
import { defineVerb } from '../verb.ts';
import { withStore } from '../with-store.ts';
import { api } from './api.ts';
import { train } from './train.ts';

/** Whether there is a live version that this release can serve. */
async function isTrained(store: Store): Promise<boolean> {
  const { isReadable, MODEL_BLOB } = await import('../../store/model-codec.ts');
  const live = await store.liveVersion();
  const model = live === null ? null : await store.blob(live, MODEL_BLOB);
  return model !== null && isReadable(model);
}

export const demo = defineVerb({
  name: 'demo',
  summary: 'Train if nothing is trained yet, then serve',
  settings: [...new Set([...train.settings, ...api.settings])],
  run: async (context) => {
    if (!(await withStore(context.settings, isTrained))) await train.run(context);
    await api.run(context);
  },
});
