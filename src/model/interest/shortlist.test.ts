import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Shortlist } from './shortlist.ts';

it('keeps the best of what it is offered, equal ones by index, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.nat(30), (scores, count) => {
      const list = new Shortlist(count);
      scores.forEach((score, book) => {
        list.offer(book, score);
      });
      const all = scores.map((logit, book) => ({ book, logit }));
      const wanted = all.sort((a, b) => b.logit - a.logit || a.book - b.book).slice(0, count);
      expect(list.entries()).toEqual(wanted);
    }),
  );
});
