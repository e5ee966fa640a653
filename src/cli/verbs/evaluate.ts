import { EVALUATE_KEYS } from '../../contracts/setting-groups.ts';
import { defineVerb } from '../verb.ts';

export const evaluate = defineVerb({
  name: 'evaluate',
  summary: 'Train on a part of the ratings and measure on the rest; stores nothing',
  settings: EVALUATE_KEYS,
  run: async ({ settings, log, signal, output }) => {
    const { evaluate: run } = await import('../../batch/evaluate-run.ts');
    const { formatMetrics } = await import('../../batch/evaluate/format-metrics.ts');
    const metrics = await run(settings, { log, signal });
    output.show(metrics, () => formatMetrics(metrics));
  },
});
