import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalBookId, classifyBookId } from './isbn.ts';

const isbn10 = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 9, maxLength: 9 })
  .map((digits) => {
    const sum = digits.reduce((total, digit, i) => total + (10 - i) * digit, 0);
    const check = (11 - (sum % 11)) % 11;
    return digits.join('') + (check === 10 ? 'X' : String(check));
  });

const toIsbn13 = (isbn: string): string => {
  const body = `978${isbn.slice(0, 9)}`;
  const sum = Array.from(body).reduce(
    (total, c, i) => total + Number(c) * (i % 2 === 0 ? 1 : 3),
    0,
  );
  return body + String((10 - (sum % 10)) % 10);
};

describe('canonicalBookId', () => {
  it.each([
    { raw: '0-306-40615-2', want: '0306406152' },
    { raw: '978-0-306-40615-7', want: '0306406152' },
    { raw: ' 039592720x ', want: '039592720X' },
    { raw: '399501487', want: '0399501487' },
    { raw: '979-10-90636-07-1', want: '9791090636071' },
    { raw: 'b00009ef82', want: 'B00009EF82' },
    { raw: '3518365479<90', want: '3518365479<90' },
    { raw: '0306406153', want: '0306406153' },
    { raw: '9780306406158', want: '9780306406158' },
    { raw: '', want: '' },
  ])('gives $want for "$raw"', ({ raw, want }) => {
    expect(canonicalBookId(raw)).toBe(want);
  });

  it('is the same for every spelling of an ISBN', () => {
    fc.assert(
      fc.property(isbn10, fc.integer({ min: 1, max: 9 }), (isbn, at) => {
        const spellings = [
          isbn.toLowerCase(),
          `${isbn.slice(0, at)}-${isbn.slice(at)}`,
          ` ${isbn.slice(0, at)} ${isbn.slice(at)}`,
          toIsbn13(isbn),
        ];
        for (const spelling of spellings) expect(canonicalBookId(spelling)).toBe(isbn);
      }),
    );
  });

  it('changes nothing when applied again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), isbn10, fc.stringMatching(/^[\dxX -]{8,16}$/)), (raw) => {
        const once = canonicalBookId(raw);
        expect(canonicalBookId(once)).toBe(once);
      }),
    );
  });

  it('keeps apart ISBNs that differ in one digit', () => {
    fc.assert(
      fc.property(isbn10, fc.nat(8), fc.integer({ min: 1, max: 9 }), (isbn, at, shift) => {
        const digit = (Number(isbn[at]) + shift) % 10;
        const other = isbn.slice(0, at) + String(digit) + isbn.slice(at + 1);
        expect(canonicalBookId(other)).not.toBe(canonicalBookId(isbn));
        expect(classifyBookId(other).kind).toBe('isbn-bad-check');
      }),
    );
  });
});
