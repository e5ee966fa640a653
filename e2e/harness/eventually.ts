import { vi } from 'vitest';

/**
 * Tries until it does not throw, four times a second, and gives its result.
 * @param seconds after which the last error is thrown
 */
export const eventually = <T>(attempt: () => Promise<T>, seconds = 60): Promise<T> =>
  vi.waitFor(attempt, { timeout: seconds * 1000, interval: 250 });
