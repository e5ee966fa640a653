import type { Backend } from '../contracts/run.ts';
import type { Settings } from '../contracts/settings.ts';
import { AppError } from '../runtime/errors.ts';

/** What computes the training, and why; throws `NO_GPU` where a GPU was asked for by name. */
export function chooseBackend(asked: Settings['backend']): Backend {
  if (asked === 'gpu') {
    throw new AppError(
      'NO_GPU',
      'A GPU was asked for, and this release computes on the CPU alone',
      'Ask for backend auto or cpu.',
    );
  }
  return {
    used: 'cpu',
    reason: asked === 'cpu' ? 'asked for' : 'this release has no GPU backend',
  };
}
