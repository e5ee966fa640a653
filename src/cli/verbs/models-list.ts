import { table } from '../output.ts';
import { defineVerb } from '../verb.ts';
import { STORE_KEYS, withStore } from '../with-store.ts';

export const modelsList = defineVerb({
  name: 'models list',
  summary: 'List the model versions in the store, newest first',
  settings: STORE_KEYS,
  run: ({ settings, output }) =>
    withStore(settings, async (store) => {
      const [manifests, live] = await Promise.all([store.versions(), store.liveVersion()]);
      const versions = manifests.map((manifest) => ({
        version: manifest.version,
        live: manifest.version === live,
        createdAt: manifest.createdAt,
        dataset: manifest.dataset,
        readers: manifest.counts.readers,
        books: manifest.counts.listedBooks,
        rmse: manifest.metrics.model.rmse,
        coverage95: manifest.metrics.model.coverage.p95,
      }));
      output.show({ live, versions }, () =>
        versions.length === 0
          ? `no model in ${store.address} yet; run 'bookrec train'`
          : table([
              ['VERSION', 'LIVE', 'CREATED', 'DATA', 'READERS', 'BOOKS', 'RMSE', 'COVERAGE 95 %'],
              ...versions.map((version) => [
                version.version,
                version.live ? 'live' : '',
                version.createdAt,
                version.dataset,
                `${version.readers}`,
                `${version.books}`,
                version.rmse.toFixed(4),
                version.coverage95.toFixed(3),
              ]),
            ]),
      );
    }),
});
