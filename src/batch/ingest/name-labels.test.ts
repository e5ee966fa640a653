import { describe, expect, it } from 'vitest';
import { countryLabel } from '../../model/country-label.ts';
import { authorLabel, publisherLabel, seriesLabels, workLabel } from './name-labels.ts';

describe('authorLabel', () => {
  it.each([
    { names: ['J. K. Rowling', 'J.K. Rowling', 'J. K. ROWLING'], want: 'j k rowling' },
    {
      names: ['Gabriel García Márquez', 'Gabriel Garcia  Marquez'],
      want: 'gabriel garcia marquez',
    },
    { names: ['Kurt, Jr. Vonnegut', 'Kurt Vonnegut'], want: 'kurt vonnegut' },
    { names: ["Flannery O'Connor", 'Flannery OConnor'], want: 'flannery oconnor' },
    { names: ['Not Applicable (Na )', 'Unknown', 'Various', ''], want: null },
  ])('takes $names as $want', ({ names, want }) => {
    expect(names.map(authorLabel)).toEqual(names.map(() => want));
  });
});

describe('publisherLabel', () => {
  it.each([
    { names: ['Penguin Books Ltd', 'Penguin USA', 'Penguin Books'], want: 'penguin' },
    { names: ["St. Martin's Press", 'St Martins Pr'], want: 'st martins' },
    { names: ['W. W. Norton & Company', 'W.W. Norton & Company'], want: 'w w norton' },
    { names: ['Random House Inc', 'Random House'], want: 'random house' },
    { names: ['Pub Group West'], want: 'west' },
    { names: ['Books'], want: 'books' },
    { names: [''], want: null },
  ])('takes $names as $want', ({ names, want }) => {
    expect(names.map(publisherLabel)).toEqual(names.map(() => want));
  });
});

describe('seriesLabels', () => {
  it.each([
    { title: 'The Drawing of the Three (The Dark Tower, Book 2)', want: ['dark tower'] },
    { title: '"B" is for burglar (A Kinsey Millhone mystery)', want: ['kinsey millhone'] },
    { title: 'Kinsey (Kinsey Millhone Mysteries (Paperback))', want: ['kinsey millhone'] },
    {
      title: 'X (The Lockharts Of Texas) (Harlequin, No 870)',
      want: ['lockharts texas', 'harlequin'],
    },
    { title: "Sula (Oprah's Book Club)", want: ['oprahs club'] },
    { title: 'A Painted House (Paperback)', want: [] },
    { title: 'Dune', want: [] },
    { title: 'Unclosed (Dune', want: [] },
  ])('finds $want in "$title"', ({ title, want }) => {
    expect(seriesLabels(title)).toEqual(want);
  });
});

describe('workLabel', () => {
  it.each([
    {
      author: 'Stephen King',
      titles: ['The Stand', 'Stand', 'The STAND (Signet)', 'The Stand: The Complete Edition'],
      want: 'stand / stephen king',
    },
    { author: 'James Herriot', titles: ['The Stand'], want: 'stand / james herriot' },
    { author: 'J. D. Robb', titles: ['Naked - In Death'], want: 'naked / j d robb' },
    { author: 'Various', titles: ['The Stand'], want: null },
    { author: 'Stephen King', titles: ['', '(Signet)', 'The'], want: null },
  ])('takes $titles by $author as $want', ({ author, titles, want }) => {
    expect(titles.map((title) => workLabel(author, title))).toEqual(titles.map(() => want));
  });
});

describe('countryLabel', () => {
  it.each([
    { text: ' U.S.A. ', want: 'usa' },
    { text: 'United States of America', want: 'usa' },
    { text: 'Scotland', want: 'united kingdom' },
    { text: 'españa', want: 'spain' },
    { text: 'constructor', want: 'constructor' },
    { text: 'n/a', want: null },
    { text: '', want: null },
  ])('takes "$text" as $want', ({ text, want }) => {
    expect(countryLabel(text)).toBe(want);
  });
});
