import { configDefaults, defineConfig } from 'vitest/config';
import base from '../vitest.config.ts';

/** Trainings on a GPU: `make test-gpu`. Its shaders take long to compile in software. */
export default defineConfig({
  test: {
    ...base.test,
    include: ['src/**/*.gpu.test.ts'],
    exclude: configDefaults.exclude,
    maxWorkers: 1,
    testTimeout: 120_000,
  },
});
