import { ratingCountLabel, unratedShareLabel } from '../../model/activity-labels.ts';
import type { FeatureFamily } from '../../model/data.ts';
import { NO_DIRECTIONS } from '../../model/directions.ts';
import { buildLabelSpace } from '../../model/label-space.ts';
import { buildRatingMatrix } from '../../model/rating-matrix.ts';
import type { Dataset } from '../ingest/dataset.ts';
import { metDirections } from './met-directions.ts';
import type { TrainingData } from './model-state.ts';

/**
 * Families that stay in the prior means: `years5` says years better for one reader's few ratings, and hardly anybody
 * rates two editions of a work.
 */
const NOT_EFFECTS: ReadonlySet<string> = new Set(['year', 'decade', 'work']);
/** Labels of the activity families: all that can come, so that their indices never change. */
const COUNT_LABELS = Array.from({ length: 64 }, (_, n) => String(n));
const SHARE_LABELS = ['none', ...Array.from({ length: 11 }, (_, n) => String(n))];

/** Families of the readers' prior means, in the order of the model's label indices. */
export function readerFamilies(dataset: Dataset, rows: Int32Array): FeatureFamily[] {
  const { readers, ratings, interactions } = dataset;
  const rated = counts(rows, ratings.reader, readers.ids.length);
  return [...readers.families, ...activityFamilies(rated, interactions.reader)];
}

/** Families of the books' prior means, likewise. */
export function bookFamilies(dataset: Dataset, rows: Int32Array): FeatureFamily[] {
  const { books, ratings, interactions } = dataset;
  const rated = counts(rows, ratings.book, books.ids.length);
  return [...books.families, ...activityFamilies(rated, interactions.book)];
}

/**
 * The trainer's input from the given rows; everything else about readers and books counts whole. Directions come with
 * content effects alone, without which readers take the row step; `edges` where ratings are latent, the values being their scores.
 */
export function trainingData(
  dataset: Dataset,
  rows: Int32Array,
  edges: Float64Array | null = null,
): TrainingData {
  const { readers, books, ratings } = dataset;
  const effects = books.families.filter((family) => !NOT_EFFECTS.has(family.name));
  return {
    matrix: buildRatingMatrix(ratings, readers.ids.length, books.ids.length, rows),
    readerLabels: buildLabelSpace(readers.ids.length, readerFamilies(dataset, rows)),
    bookLabels: buildLabelSpace(books.ids.length, bookFamilies(dataset, rows)),
    effectLabels: buildLabelSpace(books.ids.length, effects),
    directions: effects.length === 0 ? NO_DIRECTIONS : metDirections(dataset, rows),
    edges,
  };
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
