import { vi } from 'vitest';

/**
 * Tries until it does not throw, and gives its result.
 * @param seconds after which the last error is thrown
 * @param everyMs time between two tries
 */
export const eventually = <T>(attempt: () => Promise<T>, seconds = 60, everyMs = 250): Promise<T> =>
  vi.waitFor(attempt, { timeout: seconds * 1000, interval: everyMs });
