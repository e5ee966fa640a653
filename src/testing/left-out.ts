import { appendFileSync } from 'node:fs';
import { environment } from '../runtime/environment.ts';

/** Notes that a suite cannot run here and why; `make test` prints it in its summary. */
export function leftOut(reason: string): void {
  const file = environment()['BOOKREC_LEFT_OUT'];
  if (file !== undefined) appendFileSync(file, `${reason}\n`);
}
