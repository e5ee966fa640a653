import { expect, it } from 'vitest';
import type { Append } from './kv.ts';
import { RecentChanges } from './recent-changes.ts';

const change = (name: string, text = ''): Append => ({
  counter: 'n',
  lines: [{ key: name, text, replaces: false }],
  once: { key: `once ${name}`, text: '', seconds: 600 },
});

it('keeps changes in order, until a minute before their marks end', () => {
  const recent = new RecentChanges(600);
  for (const [name, now] of [
    ['a', 0],
    ['b', 100],
  ] as const) {
    recent.add(change(name), now);
  }
  const names = (now: number) => recent.at(now).map(({ lines }) => lines[0]?.key);
  expect(names(539)).toEqual(['a', 'b']);
  expect(names(540)).toEqual(['b']);
  expect(names(640)).toEqual([]);
});

it('takes no more memory than 16 MiB, and gives up the oldest first', () => {
  const recent = new RecentChanges(600);
  const text = 'x'.repeat(2 ** 20);
  for (let n = 0; n < 20; n++) recent.add(change(String(n), text), n);
  const kept = recent.at(20).map(({ lines }) => Number(lines[0]?.key));
  expect(kept).toEqual([13, 14, 15, 16, 17, 18, 19]);
});
