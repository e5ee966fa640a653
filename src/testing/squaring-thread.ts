import { answer } from '../batch/in-thread.ts';
import { AppError } from '../runtime/errors.ts';

/** Squares numbers, refuses what is none with an `AppError`, and ends without an answer where there is nothing. */
answer((numbers: Float64Array) => {
  if (numbers.length === 0) process.exit(3);
  if (numbers.includes(NaN)) throw new AppError('NUMERICAL', 'not a number', 'Give numbers.');
  return numbers.map((x) => x * x);
});
