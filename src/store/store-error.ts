import { AppError } from '../runtime/errors.ts';

/** The store did not answer, or not in time. */
export function unavailable(message: string, hint: string, cause?: unknown): AppError {
  return new AppError('STORE_UNAVAILABLE', message, hint, { cause });
}

/** The store has no room for what was to be written. */
export function full(message: string, hint: string, cause?: unknown): AppError {
  return new AppError('STORE_FULL', message, hint, { cause });
}

/** A stored record is not what was written. */
export function corrupt(message: string, cause?: unknown): AppError {
  return new AppError('STORE_CORRUPT', message, 'Roll back to another version, or train again.', {
    cause,
  });
}
