import { expect, it } from 'vitest';
import { GONE, watchThreads } from '../testing/watch-threads.ts';
import { beside, inThread } from './in-thread.ts';

const program = (name: string): URL => new URL(`../testing/${name}`, import.meta.url);
const square = program('squaring-thread.ts');
const endless = program('endless-thread.ts');
const { signal } = new AbortController();

it('gives the result of a thread, its error with code and hint, and THREAD_LOST where there is neither', async () => {
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

it('ends a thread that is told to stop', async () => {
  const threads = watchThreads();
  const stop = new AbortController();
  const running = inThread(endless, null, stop.signal);
  const reason = new Error('enough');
  stop.abort(reason);
  await expect(running).rejects.toBe(reason);
  await expect(inThread(endless, null, stop.signal)).rejects.toBe(reason);
  expect(threads.map(({ threadId }) => threadId)).toEqual([GONE]);
});

it('waits for a thread and for what is done beside it', async () => {
  const squares = (own: AbortSignal) =>
    inThread<Float64Array>(square, Float64Array.of(2), own).then(([four]) => four);
  expect(await beside(squares, async () => 'done', signal)).toEqual([4, 'done']);
});

it('ends the thread where what is done beside it fails, and throws its error where it has failed before that', async () => {
  const threads = watchThreads();
  const broken = new Error('broken');
  const waiting = beside(
    (own) => inThread(endless, null, own),
    () => Promise.reject(broken),
    signal,
  );
  await expect(waiting).rejects.toBe(broken);
  const failing = beside(
    (own) => inThread(square, Float64Array.of(NaN), own),
    async () => 'done',
    signal,
  );
  await expect(failing).rejects.toMatchObject({ code: 'NUMERICAL' });
  expect(threads.map(({ threadId }) => threadId)).toEqual([GONE, GONE]);
});
