import { defineVerb } from '../verb.ts';
import { STORE_KEYS, withStore } from '../with-store.ts';

export const controller = defineVerb({
  name: 'controller',
  summary: 'Carry out RecommenderRuns of a Kubernetes cluster',
  settings: [...STORE_KEYS, 'host', 'port', 'cronJob', 'watchNamespace'],
  run: async ({ settings, log, output, signal }) => {
    const [{ openAccess }, { startController }] = await Promise.all([
      import('../../controller/api-access.ts'),
      import('../../controller/main.ts'),
    ]);
    await withStore(settings, async (store) => {
      const access = await openAccess();
      const { cronJob, watchNamespace, host, port } = settings;
      const given = { store, access, cronJob, watchNamespace, host, port, log, signal };
      const { url, closed } = await startController(given);
      output.show({ url }, () => `Probes and metrics: ${url}/readyz, ${url}/metrics`);
      await closed;
      await access.close();
    });
  },
});
