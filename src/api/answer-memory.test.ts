import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AnswerMemory, type Kept } from './answer-memory.ts';

const headOf = (revision: number): Kept['head'] => ({
  status: 200,
  headers: {},
  reader: { id: 'x', revision },
});

/** Text of the kept answer as a client reads it; undefined where it is not kept. */
function bodyIn(memory: AnswerMemory, url: string): string | undefined {
  const kept = memory.get(url);
  const answer = kept === undefined ? null : memory.answerOf(kept);
  return answer === null ? undefined : Buffer.from(answer.body.toString(), 'latin1').toString();
}

it('gives the last answer of a URL or none, the newest surely, however many there were', () => {
  const room = 64 * 1024;
  const puts = fc.array(fc.tuple(fc.nat(40), fc.string({ unit: 'binary' }), fc.nat(9000)));
  fc.assert(
    fc.property(puts, (all) => {
      const memory = new AnswerMemory(room);
      const last = new Map<string, string>();
      const newest: string[] = [];
      for (const [n, [id, text, length]] of all.entries()) {
        const [url, body] = [`/${String(id)}`, text + 'ü'.repeat(length)];
        memory.set(url, headOf(n), body);
        last.set(url, body);
        newest.push(url);
        for (const [known, want] of last)
          expect([want, undefined]).toContain(bodyIn(memory, known));
        // three of the largest fit, whatever is lost where the ring ends
        for (const known of newest.slice(-2)) expect(bodyIn(memory, known)).toBe(last.get(known));
      }
    }),
    { numRuns: 60 },
  );
});

it('does not give an answer that another one has taken the place of meanwhile', () => {
  const memory = new AnswerMemory(64 * 1024);
  memory.set('/1', headOf(0), 'old');
  const old = memory.get('/1');
  if (old === undefined) throw new Error('not kept');
  memory.set('/1', headOf(1), 'new');
  expect(memory.answerOf(old)).toBeNull();
  expect(bodyIn(memory, '/1')).toBe('new');
  memory.clear();
  expect(bodyIn(memory, '/1')).toBeUndefined();
  memory.set('/1', headOf(1), 'again');
  expect(bodyIn(memory, '/1')).toBe('again');
});

it('keeps neither very long URLs nor very large answers', () => {
  const memory = new AnswerMemory(2 ** 20);
  memory.set(`/${'x'.repeat(300)}`, headOf(0), 'a');
  memory.set('/1', headOf(0), 'x'.repeat(2 ** 19));
  expect(bodyIn(memory, `/${'x'.repeat(300)}`)).toBeUndefined();
  expect(bodyIn(memory, '/1')).toBeUndefined();
});
