import { describe, expect, it } from 'vitest';
import { titleKey, worksOf } from './works.ts';

describe('works', () => {
  it.each([
    ['The Hobbit', 'hobbit'],
    ['HOBBIT (Paperback)', 'hobbit'],
    ['Les Misérables [Penguin]', 'miserables'],
    ['The', 'the'],
    ['It', 'it'],
  ])('%s has the key %s', (title, key) => {
    expect(titleKey(title)).toBe(key);
  });

  it('join editions by author and title', () => {
    const authors = ['tolkien', 'tolkien', 'other', null, null, 'tolkien'];
    const titles = [
      'The Hobbit',
      'Hobbit (Illustrated)',
      'Hobbit',
      'Hobbit',
      'Hobbit',
      'Silmarillion',
    ];
    const works = worksOf(authors, titles);
    expect([...works.edition]).toEqual([0, 0, 2, 3, 4, 5]);
    expect([...works.author]).toEqual([0, 0, 1, -1, -1, 0]);
  });
});
