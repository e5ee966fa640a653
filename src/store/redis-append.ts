import type { Redis } from 'ioredis';
import type { Append, Appended } from './kv.ts';
import { corrupt } from './store-error.ts';

/**
 * One step of the server, on Redis and on Dragonfly. KEYS: counter, mark, then one a line.
 * ARGV: seconds of the mark, its text, then for each line "1" if it replaces and its text.
 * Answers with whether it was done before, and `NUMBER TEXT`.
 */
const SCRIPT = `
local earlier = redis.call('GET', KEYS[2])
if earlier then return {1, earlier} end
local number = string.format('%.0f', redis.call('INCR', KEYS[1]))
for i = 3, #KEYS do
  local line = number .. ' ' .. ARGV[2 * i - 2] .. '\\n'
  if ARGV[2 * i - 3] == '1' then redis.call('SET', KEYS[i], line) else redis.call('APPEND', KEYS[i], line) end
end
local mark = number .. ' ' .. ARGV[2]
redis.call('SET', KEYS[2], mark, 'EX', ARGV[1])
return {0, mark}
`;

/** Takes a counter, KEYS[1], up to ARGV[1]. */
const RAISE = `
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1]) end
`;

/** Carries out a change in one step; throws what the server answers, and `STORE_CORRUPT` for a mark that is none. */
export async function appendTo(redis: Redis, { counter, lines, once }: Append): Promise<Appended> {
  const keys = [counter, once.key, ...lines.map(({ key }) => key)];
  const rest = lines.flatMap(({ replaces, text }) => [replaces ? '1' : '0', text]);
  const answer: unknown = await redis.eval(
    SCRIPT,
    keys.length,
    ...keys,
    String(once.seconds),
    once.text,
    ...rest,
  );
  const [done, mark] = Array.isArray(answer) ? (answer as unknown[]) : [];
  const [, number, text] = /^(\d+) (.*)$/s.exec(String(mark)) ?? [];
  if (number === undefined || text === undefined) {
    throw corrupt('The mark of a request that was carried out is unreadable');
  }
  return { number: Number(number), earlier: done === 1 ? text : null };
}

/** Sees to it that no number of a change is given twice, whatever the server has forgotten. */
export async function raiseCounter(redis: Redis, counter: string, to: number): Promise<void> {
  await redis.eval(RAISE, 1, counter, String(to));
}
