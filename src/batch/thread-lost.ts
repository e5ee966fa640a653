import { AppError } from '../runtime/errors.ts';

/** `THREAD_LOST`; `how` says how the thread ended. */
export function threadLost(how: string): AppError {
  return new AppError(
    'THREAD_LOST',
    `A thread of the training ended before its work was done: ${how}`,
    'Give the training more memory, or fewer threads with --threads.',
  );
}
