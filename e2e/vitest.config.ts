import { defineConfig } from 'vitest/config';

const SCENARIOS = 'e2e/scenarios/*.cluster.test.ts';
/** They disturb the whole cluster, or look after the runs of all its namespaces, so nothing else may run on it. */
const ALONE = 'e2e/scenarios/alone/*.cluster.test.ts';

/** The scenarios on a cluster: `make e2e`. */
export default defineConfig({
  test: {
    globalSetup: ['e2e/harness/global-setup.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    reporters: ['default', './hack/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'side by side',
          include: [SCENARIOS],
          // Scenarios mostly wait for pods, so that others can work meanwhile; with more, two cores would be full.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'alone', include: [ALONE], maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
