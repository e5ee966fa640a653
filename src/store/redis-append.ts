import type { Redis } from 'ioredis';
import type { Append, Appended } from './kv.ts';
import { corrupt } from './store-error.ts';

/**
 * One step of the server, on Redis and on Dragonfly. KEYS: counter, mark (or the counter again for none), then one a line.
 * ARGV: seconds of the mark (0 for none), its text, then for each line "1" if it replaces and its text.
 * Answers with whether it was done before, and `NUMBER TEXT`.
 */
const SCRIPT = `
local marked = tonumber(ARGV[1]) > 0
if marked then
  local earlier = redis.call('GET', KEYS[2])
  if earlier then return {1, earlier} end
end
local number = string.format('%.0f', redis.call('INCR', KEYS[1]))
for i = 3, #KEYS do
  local line = number .. ' ' .. ARGV[2 * i - 2] .. '\\n'
  if ARGV[2 * i - 3] == '1' then redis.call('SET', KEYS[i], line) else redis.call('APPEND', KEYS[i], line) end
end
local mark = number .. ' ' .. ARGV[2]
if marked then redis.call('SET', KEYS[2], mark, 'EX', ARGV[1]) end
return {0, mark}
`;

/** Carries out a change in one step; throws what the server answers, and `STORE_CORRUPT` for a mark that is none. */
export async function appendTo(redis: Redis, { counter, lines, once }: Append): Promise<Appended> {
  const keys = [counter, once?.key ?? counter, ...lines.map(({ key }) => key)];
  const rest = lines.flatMap(({ replaces, text }) => [replaces ? '1' : '0', text]);
  const answer: unknown = await redis.eval(
    SCRIPT,
    keys.length,
    ...keys,
    String(once?.seconds ?? 0),
    once?.text ?? '',
    ...rest,
  );
  const [done, mark] = Array.isArray(answer) ? (answer as unknown[]) : [];
  const [, number, text] = /^(\d+) (.*)$/s.exec(String(mark)) ?? [];
  if (number === undefined || text === undefined) {
    throw corrupt('The mark of a request that was carried out is unreadable');
  }
  return { number: Number(number), earlier: done === 1 ? text : null };
}
