import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Shortlist } from './shortlist.ts';

it('gives the places of books by score, equal ones by index, whatever it held before', () => {
  const list = new Shortlist();
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 20 })),
      fc.nat(30),
      fc.nat(30),
      (scores, count, soon) => {
        const books = Int32Array.from(scores.keys()).reverse();
        list.fill(books, Float64Array.from(scores), books.length, soon);
        const taken = Array.from({ length: count }, () => list.take());
        const places = [...scores.keys()].sort(
          (a, b) => scores[b] - scores[a] || books[a] - books[b],
        );
        expect(taken).toEqual(Array.from({ length: count }, (_, n) => places[n] ?? -1));
      },
    ),
  );
});
