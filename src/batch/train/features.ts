import { ratingCountLabel, unratedShareLabel } from '../../model/activity-labels.ts';
import type { FeatureFamily } from '../../model/data.ts';
import { type Directions, NO_DIRECTIONS } from '../../model/directions.ts';
import { buildLabelSpace, type LabelSpace } from '../../model/label-space.ts';
import { BOOKS_MET, READERS_MET } from '../../model/links.ts';
import { buildRatingMatrix, countingOrder, countingStarts } from '../../model/rating-matrix.ts';
import { inThreadUnless, type Where } from '../in-thread.ts';
import type { Dataset } from '../ingest/dataset.ts';
import { meetingsOf, metDirections } from './met-directions.ts';
import type { TrainingData } from './model-state.ts';
import type { StartSettings } from './start-point.ts';

/**
 * Families that stay in the prior means: `years5` says years better for one reader's few ratings, and hardly anybody
 * rates two editions of a work.
 */
const NOT_EFFECTS: ReadonlySet<string> = new Set(['year', 'decade', 'work']);
/** Labels of the activity families: all that can come, so that their indices never change. */
const COUNT_LABELS = Array.from({ length: 64 }, (_, n) => String(n));
const SHARE_LABELS = ['none', ...Array.from({ length: 11 }, (_, n) => String(n))];

/** Whose prior means hang on what was met. */
type Links = StartSettings['links'];

/** What a training's data hang on beside the rows. */
export interface DataOptions {
  /** Edges of the levels' cells where ratings are latent; the values are their scores. */
  readonly edges?: Float64Array | null;
  readonly links?: Links;
  /** Of the books, where they are made already. */
  readonly directions?: Directions;
}

/** Families of the readers' prior means, in the order of the model's label indices. */
export function readerFamilies(dataset: Dataset, rows: Int32Array, links: Links): FeatureFamily[] {
  const { readers, ratings, interactions } = dataset;
  const rated = counts(rows, ratings.reader, readers.ids.length);
  const linked =
    links === 'readers' || links === 'both' ? [linksFrom('reader', dataset, rows)] : [];
  return [...readers.families, ...activityFamilies(rated, interactions.reader), ...linked];
}

/** Families of the books' prior means, likewise. */
export function bookFamilies(dataset: Dataset, rows: Int32Array, links: Links): FeatureFamily[] {
  const { books, ratings, interactions } = dataset;
  const rated = counts(rows, ratings.book, books.ids.length);
  const linked = links === 'books' || links === 'both' ? [linksFrom('book', dataset, rows)] : [];
  return [...books.families, ...activityFamilies(rated, interactions.book), ...linked];
}

/** What each reader or book has met, by the given rows of the ratings and all interactions. */
function linksFrom(side: 'reader' | 'book', dataset: Dataset, rows: Int32Array): FeatureFamily {
  const { ratings, interactions, readers, books } = dataset;
  const other = side === 'reader' ? 'book' : 'reader';
  const [own, met] = side === 'reader' ? [readers, books] : [books, readers];
  const ends = (of: 'reader' | 'book'): Int32Array => {
    const all = new Int32Array(rows.length + interactions[of].length);
    all.set(rows.map((row) => ratings[of][row]));
    all.set(interactions[of], rows.length);
    return all;
  };
  const [from, to] = [ends(side), ends(other)];
  const offsets = countingStarts(from, own.ids.length);
  return {
    name: side === 'reader' ? BOOKS_MET : READERS_MET,
    labels: met.ids,
    offsets,
    indices: countingOrder(from, offsets).map((link) => to[link]),
  };
}

/**
 * The trainer's input from the given rows; everything else about readers and books counts whole. Directions come with
 * content effects alone, without which readers take the row step.
 */
export function trainingData(
  dataset: Dataset,
  rows: Int32Array,
  { edges = null, links = 'none', directions }: DataOptions = {},
): TrainingData {
  const { readers, books, ratings } = dataset;
  return {
    matrix: buildRatingMatrix(ratings, readers.ids.length, books.ids.length, rows),
    readerLabels: buildLabelSpace(readers.ids.length, readerFamilies(dataset, rows, links)),
    bookLabels: buildLabelSpace(books.ids.length, bookFamilies(dataset, rows, links)),
    effectLabels: effectLabels(books),
    directions:
      directions ?? (hasEffects(books) ? metDirections(meetingsOf(dataset, rows)) : NO_DIRECTIONS),
    edges,
  };
}

/** The directions that `trainingData` makes, made elsewhere. */
export async function directionsOf(
  dataset: Dataset,
  rows: Int32Array,
  where: Where,
): Promise<Directions> {
  if (!hasEffects(dataset.books)) return NO_DIRECTIONS;
  const program = new URL('./directions-worker.ts', import.meta.url);
  return inThreadUnless(program, metDirections, meetingsOf(dataset, rows), where);
}

/** The labels of the books that carry content effects. */
export function effectLabels(books: Dataset['books']): LabelSpace {
  return buildLabelSpace(books.ids.length, books.families.filter(isEffect));
}

function hasEffects({ families }: Dataset['books']): boolean {
  return families.some(isEffect);
}

function isEffect({ name }: FeatureFamily): boolean {
  return !NOT_EFFECTS.has(name);
}

function counts(rows: Int32Array, entity: Int32Array, size: number): Int32Array {
  const result = new Int32Array(size);
  for (const row of rows) result[entity[row]]++;
  return result;
}

/** How often an entity was rated in training, and how often it was met without a rating. */
function activityFamilies(rated: Int32Array, met: Int32Array): FeatureFamily[] {
  const unrated = counts(Int32Array.from(met.keys()), met, rated.length);
  const oneLabelEach = (name: string, labels: readonly string[], of: (n: number) => string) => ({
    name,
    labels,
    offsets: Int32Array.from({ length: rated.length + 1 }, (_, n) => n),
    indices: Int32Array.from(rated, (_, n) => labels.indexOf(of(n))),
  });
  return [
    oneLabelEach('ratings', COUNT_LABELS, (n) => ratingCountLabel(rated[n])),
    oneLabelEach('unrated', SHARE_LABELS, (n) => unratedShareLabel(unrated[n], rated[n])),
  ];
}
