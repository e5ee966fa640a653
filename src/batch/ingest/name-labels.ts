import { foldText } from '../../model/fold-text.ts';

const NO_AUTHOR = new Set([
  '',
  'not applicable na',
  'unknown',
  'unknown unknown',
  'various',
  'anonymous',
  'na',
  'n a',
  'null',
]);
const TITLES_OF_PERSONS = new Set(['jr', 'sr', 'dr', 'md', 'phd', 'sir']);

/** Words that say what a firm is, not which: `Penguin Books Ltd` and `Penguin USA` are one label. */
const FIRM_WORDS = new Set(
  (
    'and inc incorporated ltd limited llc co company corp corporation gmbh verlag pub publ publisher ' +
    'publishers publishing publications press pr group grp books book paperback paperbacks ' +
    'hardcover mm tb mass market trade usa us uk dist distribution'
  ).split(' '),
);

const EDITION_WORDS = new Set(
  (
    'a an the of and no number numbered vol volume volumes book books bk part pt episode series serie s ' +
    'edition editions ed paperback paperbacks hardcover hardback cloth paper rack rpkg tm r ' +
    'novel novels mystery mysteries reissue reprint unabridged abridged audio cassette cd large print'
  ).split(' '),
);

/** Label of an author, or null where the catalogue names nobody. */
export function authorLabel(author: string): string | null {
  const folded = foldText(author);
  if (NO_AUTHOR.has(folded)) return null;
  const words = folded.split(' ').filter((word) => !TITLES_OF_PERSONS.has(word));
  return words.length === 0 ? null : words.join(' ');
}

/** Label of a publisher without the words that say only what kind of firm it is. */
export function publisherLabel(publisher: string): string | null {
  const folded = foldText(publisher);
  if (folded === '' || folded === 'n a' || folded === 'null') return null;
  const words = folded.split(' ').filter((word) => !FIRM_WORDS.has(word));
  return words.length === 0 ? folded : words.join(' ');
}

const PARENTHESES = /\(((?:[^()]|\([^()]*\))*)\)/g;
const ARTICLES = new Set(['a', 'an', 'the']);

/**
 * Label that all editions of one work share: author and title, without articles, subtitle and what stands in
 * parentheses. Null without an author, since titles alone are no names, or without a title. Coarser than the works that lists name
 * once (`worksOf`): here a false friend costs little.
 */
export function workLabel(author: string, title: string): string | null {
  const [main = ''] = title.replace(PARENTHESES, ' ').split(/[:;]| - /);
  const words = foldText(main)
    .split(' ')
    .filter((word) => word !== '' && !ARTICLES.has(word));
  const by = authorLabel(author);
  return by === null || words.length === 0 ? null : `${words.join(' ')} / ${by}`;
}

/** Labels of the series that a title names in parentheses: `(Harry Potter, Book 4)`. */
export function seriesLabels(title: string): string[] {
  const labels = new Set<string>();
  for (const [, inner = ''] of title.matchAll(PARENTHESES)) {
    const words = foldText(inner)
      .split(' ')
      .filter((word) => word !== '' && !EDITION_WORDS.has(word) && !/^\d+\w{0,2}$/.test(word));
    if (words.length > 0) labels.add(words.join(' '));
  }
  return [...labels];
}
