import { AppError } from '../runtime/errors.ts';

/** Longest wait for the store while somebody waits for the answer. */
const STORE_DEADLINE_MS = 1000;

/** The result of `work`, or `STORE_UNAVAILABLE` when it takes longer than `ms`. */
export async function withDeadline<T>(work: Promise<T>, ms = STORE_DEADLINE_MS): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(
      new AppError(
        'STORE_UNAVAILABLE',
        `The store did not answer within ${ms} ms.`,
        'Check the store; the request can be sent again.',
      ),
    );
  }, ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
