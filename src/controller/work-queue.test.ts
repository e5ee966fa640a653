import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Outcome, type QueueOptions, WorkQueue } from './work-queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
});

const DONE: Outcome = { requeueAfterMs: null };

function queueOf(work: QueueOptions['work'], options: Partial<QueueOptions> = {}) {
  const errors: Array<[key: string, tries: number]> = [];
  const queue = new WorkQueue({
    work,
    onError: (key, _error, tries) => errors.push([key, tries]),
    random: () => 1,
    ...options,
  });
  return { queue, errors };
}

/** Work that waits to be told how it ends. */
function gated() {
  const passes: Array<{ key: string; end: (outcome?: Outcome) => Promise<void> }> = [];
  const work = (key: string): Promise<Outcome> =>
    new Promise((resolve) => {
      passes.push({
        key,
        end: async (outcome = DONE) => {
          resolve(outcome);
          await vi.advanceTimersByTimeAsync(0);
        },
      });
    });
  return { passes, work };
}

describe('WorkQueue', () => {
  it('works on a key once, however often it was added', async () => {
    const { passes, work } = gated();
    const { queue } = queueOf(work, { workers: 1 });
    queue.add('a');
    queue.add('b');
    queue.add('b');
    expect(queue.depth).toBe(1);
    await passes[0]?.end();
    await passes[1]?.end();
    expect(passes.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('never works on a key twice at once, but again when it was added meanwhile', async () => {
    const { passes, work } = gated();
    const { queue } = queueOf(work);
    queue.add('a');
    queue.add('a');
    queue.add('b');
    expect(passes.map(({ key }) => key)).toEqual(['a', 'b']);
    await passes[0]?.end();
    expect(passes.map(({ key }) => key)).toEqual(['a', 'b', 'a']);
  });

  it('comes back after the time that the work asks for, or at once if added', async () => {
    const { passes, work } = gated();
    const { queue } = queueOf(work);
    queue.add('a');
    await passes[0]?.end({ requeueAfterMs: 5000 });
    await vi.advanceTimersByTimeAsync(4999);
    expect(passes).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(passes).toHaveLength(2);
    await passes[1]?.end({ requeueAfterMs: 5000 });
    queue.add('a');
    expect(passes).toHaveLength(3);
    await passes[2]?.end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(passes).toHaveLength(3);
  });

  it('keeps the earlier of two times', async () => {
    const { passes, work } = gated();
    const { queue } = queueOf(work);
    queue.addAfter('a', 100);
    queue.addAfter('a', 5000);
    queue.addAfter('b', 5000);
    queue.addAfter('b', 100);
    await vi.advanceTimersByTimeAsync(100);
    expect(passes.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('tries an error again after pauses that double up to a minute, and forgets it on success', async () => {
    let fails = true;
    const at: number[] = [];
    const { queue, errors } = queueOf(async () => {
      at.push(performance.now());
      if (fails) throw new Error('no');
      return DONE;
    });
    queue.add('a');
    await vi.advanceTimersByTimeAsync(300_000);
    const pauses = at.slice(1).map((time, n) => Math.round(time - (at[n] ?? 0)));
    expect(pauses.slice(0, 9)).toEqual([
      500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000,
    ]);
    expect(queue.failing).toBe(1);
    expect(errors.slice(0, 2)).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
    fails = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(queue.failing).toBe(0);
    fails = true;
    queue.add('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(errors.at(-1)).toEqual(['a', 1]);
  });

  it('pauses as long as an error asks for, and at least half of the usual time', async () => {
    const at: number[] = [];
    const work = async (): Promise<Outcome> => {
      at.push(performance.now());
      throw new Error('no');
    };
    const { queue } = queueOf(work, {
      random: () => 0,
      pauseOf: () => (at.length === 1 ? 9000 : null),
    });
    queue.add('a');
    await vi.advanceTimersByTimeAsync(9000);
    await vi.advanceTimersByTimeAsync(500);
    expect(at.map((time) => Math.round(time - (at[0] ?? 0)))).toEqual([0, 9000, 9500]);
  });

  it('lets no key starve while another one fails', async () => {
    const worked: string[] = [];
    const { queue } = queueOf(
      async (key) => {
        worked.push(key);
        if (key === 'bad') throw new Error('no');
        return DONE;
      },
      { workers: 1 },
    );
    for (const key of ['bad', 'a', 'b']) queue.add(key);
    await vi.advanceTimersByTimeAsync(1);
    expect(worked).toEqual(['bad', 'a', 'b']);
  });

  it('ends with what is under way, and takes no more', async () => {
    const { passes, work } = gated();
    const { queue } = queueOf(work);
    queue.add('a');
    queue.addAfter('b', 10);
    let stopped = false;
    const stopping = queue.stop().then(() => {
      stopped = true;
    });
    queue.add('c');
    await vi.advanceTimersByTimeAsync(1000);
    expect(stopped).toBe(false);
    await passes[0]?.end({ requeueAfterMs: 0 });
    await stopping;
    await vi.advanceTimersByTimeAsync(1000);
    expect(passes.map(({ key }) => key)).toEqual(['a']);
  });
});
