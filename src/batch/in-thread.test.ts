import { expect, it } from 'vitest';
import { inThread } from './in-thread.ts';

const program = (name: string): URL => new URL(`../testing/${name}`, import.meta.url);

it('gives the result of a thread, its error with code and hint, and THREAD_LOST where there is neither', async () => {
  const square = program('squaring-thread.ts');
  const [result] = await Promise.all([
    inThread<Float64Array>(square, Float64Array.of(2, 3)),
    expect(inThread(square, Float64Array.of(NaN))).rejects.toMatchObject({
      code: 'NUMERICAL',
      hint: 'Give numbers.',
    }),
    expect(inThread(square, null)).rejects.toThrow('null'),
    expect(inThread(square, new Float64Array())).rejects.toMatchObject({ code: 'THREAD_LOST' }),
  ]);
  expect(result).toEqual(Float64Array.of(4, 9));
});
