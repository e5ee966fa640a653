import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { onceATurn } from './once-a-turn.ts';

it('reads once for all who ask in one turn, and anew for whoever asks later, also while a read goes on', async () => {
  const reads: Array<PromiseWithResolvers<number>> = [];
  const ask = onceATurn(() => {
    const read = Promise.withResolvers<number>();
    reads.push(read);
    return read.promise;
  });
  const early = [ask(), ask()];
  expect(reads).toHaveLength(0);
  await turn();
  const late = ask();
  await turn();
  expect(reads).toHaveLength(2);
  for (const [value, read] of reads.entries()) read.resolve(value);
  expect(await Promise.all([...early, late])).toEqual([0, 0, 1]);
  const failing = [ask(), ask()];
  await turn();
  reads[2]?.reject(new Error('away'));
  for (const one of failing) await expect(one).rejects.toThrow('away');
});
