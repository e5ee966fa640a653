import { packedSize } from '../../model/cholesky.ts';
import type { FeatureFamily } from '../../model/data.ts';
import { gammaMean } from '../../model/gamma.ts';
import type { Directions } from '../../model/directions.ts';
import type { LabelSpace } from '../../model/label-space.ts';
import type { LevelMap } from '../../model/level-map.ts';
import { expectedInverse } from '../../model/noise-factor.ts';
import type { RatingModel } from '../../model/trained-model.ts';
import { priorCovariance } from './model-state.ts';
import type { ModelState } from './model-state.ts';

/**
 * What is kept of a training: everything but the readers. One book is added behind the last: the book of which
 * nothing is known, with the intercept of the books' prior as its mean; it is never listed.
 */
export function trainedModelOf(
  state: ModelState,
  readerFamilies: readonly FeatureFamily[],
  listed: Uint8Array,
  levelMap: LevelMap,
): RatingModel {
  const { dim, books, readerPrior, bookPrior } = state;
  const { matrix } = state.data;
  const count = matrix.books;
  const noise = new Float64Array(count + 1);
  const rated = new Int32Array(count + 1);
  for (let i = 0; i <= count; i++) {
    if (i < count) rated[i] = matrix.bookStart[i + 1] - matrix.bookStart[i];
    const precision = i < count ? books.precision[i] : 1;
    noise[i] = expectedInverse(state.bookShape.prior, rated[i], precision);
  }
  return {
    dim,
    offset: state.offset,
    tau: gammaMean(state.tau),
    readerShape: state.readerShape.prior,
    readerPrior: {
      families: readerFamilies.map(({ name, labels }) => ({ name, labels })),
      intercept: readerPrior.intercept.slice(),
      effect: readerPrior.effect.slice(),
      precision: readerPrior.precision.mean.slice(),
    },
    books: {
      dim,
      mean: extended(books.mean, bookPrior.intercept),
      cov: extended(books.cov, packedLower(priorCovariance(state), dim)),
      precision: extended(books.precision, [1]),
      labels: withUnlabelled(books.labels),
      effectVar: books.effectVar.slice(),
      directions: withUnmet(books.directions),
    },
    bookNoise: noise,
    bookRatings: rated,
    levelMap,
    listed: withUnlisted(listed),
  };
}

function extended(array: Float64Array, tail: ArrayLike<number>): Float64Array {
  const longer = new Float64Array(array.length + tail.length);
  longer.set(array);
  longer.set(tail, array.length);
  return longer;
}

function packedLower(matrix: Float64Array, dim: number): Float64Array {
  const packed = new Float64Array(packedSize(dim));
  for (let a = 0, t = 0; a < dim; a++)
    for (let b = 0; b <= a; b++) packed[t++] = matrix[a * dim + b];
  return packed;
}

function withUnmet({ count, place }: Directions): Directions {
  const longer = new Float32Array(place.length + count);
  longer.set(place);
  return { count, place: longer };
}

/** With the book of which nothing is known behind the last, without labels. */
export function withUnlabelled(space: LabelSpace): LabelSpace {
  const start = new Int32Array(space.start.length + 1);
  start.set(space.start);
  start[space.start.length] = space.label.length;
  return { ...space, entities: space.entities + 1, start };
}

/** The same of the marks of the listed books. */
export function withUnlisted(listed: Uint8Array): Uint8Array {
  return Uint8Array.from([...listed, 0]);
}
