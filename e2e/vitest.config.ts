import { defineConfig } from 'vitest/config';

/** The scenarios on a cluster: `make e2e`. */
export default defineConfig({
  test: {
    include: ['e2e/scenarios/*.cluster.test.ts'],
    globalSetup: ['e2e/harness/global-setup.ts'],
    // Two scenarios mostly wait for pods, so that one can work while the other waits.
    maxWorkers: 2,
    testTimeout: 180_000,
    hookTimeout: 300_000,
    reporters: ['default', './hack/count-reporter.ts'],
  },
});
