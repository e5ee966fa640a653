import { foldText } from '../fold-text.ts';

/** Who wrote a book and which work it is an edition of; one entry a book. */
export interface Works {
  /** Number of the author, or -1 where nobody is named. */
  readonly author: Int32Array;
  /** Least index among the editions of the work; a book without author or title is a work of its own. */
  readonly edition: Int32Array;
}

const ARTICLE = /^(the|a|an|der|die|das|le|la|les|el|los|las) (?=.)/;
const BRACKETS = /\([^)]*\)|\[[^\]]*\]/g;

/**
 * One text for all spellings of a title: no case, accents, marks, brackets or leading article. A subtitle stays, unlike in the label `work` that
 * editions learn from each other by: volumes of a series may differ in it alone, and one that was read must not hide the next.
 */
export function titleKey(title: string): string {
  return foldText(title.replace(BRACKETS, ' ')).replace(ARTICLE, '');
}

/** Numbers authors and works: the same author label and `titleKey` make one work. */
export function worksOf(authors: ReadonlyArray<string | null>, titles: readonly string[]): Works {
  const authorOf = new Map<string, number>();
  const workOf = new Map<string, number>();
  const author = new Int32Array(titles.length).fill(-1);
  const edition = Int32Array.from(titles.keys());
  for (const [book, title] of titles.entries()) {
    const name = authors[book];
    if (name === null) continue;
    author[book] = authorOf.get(name) ?? authorOf.size;
    authorOf.set(name, author[book]);
    const key = titleKey(title);
    if (key === '') continue;
    const work = `${String(author[book])} ${key}`;
    edition[book] = workOf.get(work) ?? book;
    workOf.set(work, edition[book]);
  }
  return { author, edition };
}
