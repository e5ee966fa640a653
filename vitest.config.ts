import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'hack/**/*.test.ts', 'e2e/*.test.ts'],
    // Suites with a target of their own: they need minutes or a cluster.
    exclude: [...configDefaults.exclude, '**/*.{bench,cluster,gpu}.test.ts'],
    // The default leaves a core to whoever watches.
    maxWorkers: '100%',
    // Files share modules, none of which a test changes: reading them anew for each file took a fifth of the time.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // A test that prints has forgotten something; results are asserted, not read.
    onConsoleLog: (text) => {
      throw new Error(`a test wrote to the console: ${text}`);
    },
    restoreMocks: true,
    unstubEnvs: true,
    reporters: ['default', './hack/count-reporter.ts'],
  },
});
