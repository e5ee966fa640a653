import { type Directions, NO_DIRECTIONS } from '../model/directions.ts';
import type { TrainingData } from '../batch/train/model-state.ts';
import type { FeatureFamily, Ratings } from '../model/data.ts';
import { buildLabelSpace } from '../model/label-space.ts';
import type { Random } from '../model/random.ts';
import { buildRatingMatrix } from '../model/rating-matrix.ts';

/** A whole number from 0 to `below` - 1. */
export function randomIndex(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** A family made by hand: `labelsOf[n]` are the label indices of entity n. */
export function familyOf(
  name: string,
  labels: number,
  labelsOf: ReadonlyArray<readonly number[]>,
): FeatureFamily {
  let end = 0;
  return {
    name,
    labels: Array.from({ length: labels }, (_, g) => `${name} ${g}`),
    offsets: Int32Array.of(0, ...labelsOf.map((own) => (end += own.length))),
    indices: Int32Array.from(labelsOf.flat()),
  };
}

/** Random labels, up to `most` different ones an entity, now and then none. */
export function randomFamily(
  random: Random,
  name: string,
  entities: number,
  labels: number,
  most = 1,
): FeatureFamily {
  const own = Array.from({ length: entities }, () => {
    const count = random() < 0.1 ? 0 : 1 + randomIndex(random, most);
    return [...new Set(Array.from({ length: count }, () => randomIndex(random, labels)))];
  });
  return familyOf(name, labels, own);
}

/** Each pair is rated with probability `density`. */
export function randomRatings(
  random: Random,
  readers: number,
  books: number,
  density: number,
  value: (reader: number, book: number) => number,
): Ratings {
  const pairs = Array.from({ length: readers * books }, (_, pair) => pair).filter(
    () => random() < density,
  );
  const reader = Int32Array.from(pairs, (pair) => Math.floor(pair / books));
  const book = Int32Array.from(pairs, (pair) => pair % books);
  return {
    reader,
    book,
    value: Float64Array.from(reader, (u, row) => value(u, book[row] ?? 0)),
  };
}

/** The trainer's input from its parts; families that are left out are none. */
export function trainingDataOf(parts: {
  ratings: Ratings;
  readers: number;
  books: number;
  rows?: Int32Array;
  readerFamilies?: readonly FeatureFamily[];
  bookFamilies?: readonly FeatureFamily[];
  effectFamilies?: readonly FeatureFamily[];
  directions?: Directions;
}): TrainingData {
  const { readers, books } = parts;
  return {
    matrix: buildRatingMatrix(parts.ratings, readers, books, parts.rows),
    readerLabels: buildLabelSpace(readers, parts.readerFamilies ?? []),
    bookLabels: buildLabelSpace(books, parts.bookFamilies ?? []),
    effectLabels: buildLabelSpace(books, parts.effectFamilies ?? []),
    directions: parts.directions ?? NO_DIRECTIONS,
    edges: null,
  };
}
