import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { imprintOf } from './imprint.ts';

/** The ISBN-10 that starts with these nine digits. */
function isbnOf(nine: string): string {
  const sum = Array.from(nine).reduce((total, digit, i) => total + (10 - i) * Number(digit), 0);
  const check = (11 - (sum % 11)) % 11;
  return nine + (check === 10 ? 'X' : String(check));
}

describe('imprintOf', () => {
  it.each([
    { id: '0195153448', want: '0-19', who: 'two digits' },
    { id: '0440234743', want: '0-440', who: 'three digits' },
    { id: '0743446585', want: '0-7434', who: 'four digits' },
    { id: '0877733740', want: '0-87773', who: 'five digits' },
    { id: '0971880107', want: '0-9718801', who: 'seven digits' },
    { id: '1558746226', want: '1-55874', who: 'the second English group' },
    { id: '2070360245', want: '2-07', who: 'French' },
    { id: '3404139178', want: '3-404', who: 'German' },
    { id: '8433966685', want: '84-339', who: 'a group of two digits' },
    { id: '9727101357', want: '972-710', who: 'a group of three digits' },
  ])('is $want for $id: $who', ({ id, want }) => {
    expect(imprintOf(isbnOf(id.slice(0, 9)))).toBe(want);
  });

  it.each([
    { name: 'a wrong check digit', id: '0306406153' },
    { name: "Amazon's own number", id: 'B00009EF82' },
    { name: 'another spelling', id: '0-306-40615-2' },
    { name: 'an ISBN-13', id: '9791090636071' },
    { name: 'nothing', id: '' },
    { name: 'a range that nobody has', id: isbnOf('999999999') },
  ])('is null for $name', ({ id }) => {
    expect(imprintOf(id)).toBeNull();
  });

  it('says nothing of the title: books that differ in the last digit before the check share it', () => {
    const eight = fc.integer({ min: 0, max: 69_999_999 }).map((n) => String(n).padStart(8, '0'));
    fc.assert(
      fc.property(eight, fc.nat(9), fc.nat(9), (start, a, b) => {
        const imprint = imprintOf(isbnOf(`${start}${a}`));
        expect(imprintOf(isbnOf(`${start}${b}`))).toBe(imprint);
        if (imprint !== null) expect(start.startsWith(imprint.replace('-', ''))).toBe(true);
      }),
    );
  });
});
