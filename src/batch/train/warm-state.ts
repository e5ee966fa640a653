import { cholesky, invertFromFactor, packedSize } from '../../model/cholesky.ts';
import type { FeatureFamily } from '../../model/data.ts';
import type { SidePrior } from '../../model/side-prior.ts';
import { wishart } from '../../model/wishart.ts';
import { fillUnrated, type ModelState, startState, type TrainingData } from './model-state.ts';
import { effectFamilies } from './start-point.ts';
import type { PriorPoint, StartNames, StartPoint } from './start-point.ts';

/**
 * The state of new data at what an older training has learned: books and labels by their names, those that it does not
 * know at their priors. Readers are as at any start, since the first half of a sweep solves them from the books.
 * The point must fit (`differences`).
 */
export function warmState(point: StartPoint, data: TrainingData, names: StartNames): ModelState {
  const { dim } = point;
  const state = startState(data, dim - 1, 0);
  const { books } = state;
  // mu is the mean of the present ratings, and the books' biases take up the difference
  const moved = point.offset - state.offset;
  setPrior(state.readerPrior, point.readerPrior, names.readerFamilies, 0);
  setPrior(state.bookPrior, point.bookPrior, names.bookFamilies, moved);
  state.tau = { shape: state.tau.shape, rate: state.tau.shape / point.tau };
  for (const [shape, prior] of [
    [state.readerShape, point.readerShape],
    [state.bookShape, point.bookShape],
  ] as const) {
    shape.prior = prior;
    shape.used = prior;
  }
  effectFamilies(books).forEach((name, f) => {
    books.effectVar[f] = point.effectVar[point.effectFamilies.indexOf(name)];
  });
  const placeOf = new Map(point.bookIds.map((id, n) => [id, n]));
  for (let i = 0; i < books.active.length; i++) {
    const known = placeOf.get(names.bookIds[i]);
    for (let d = 0; d < dim; d++) {
      books.mean[i * dim + d] =
        known === undefined
          ? state.bookPrior.mean[i * dim + d]
          : point.bookMean[known * dim + d] + (d === 0 ? moved : 0);
    }
    if (known !== undefined) books.precision[i] = point.bookPrecision[known];
  }
  setCovariances(state, point.tau);
  fillUnrated(state);
  return state;
}

function setPrior(
  prior: SidePrior,
  point: PriorPoint,
  families: readonly FeatureFamily[],
  moved: number,
): void {
  const { dim } = prior;
  prior.intercept.set(point.intercept);
  prior.intercept[0] += moved;
  const placeOf = placesOf(point);
  let g = 0;
  families.forEach(({ name, labels }, f) => {
    const old = placeOf.get(name);
    if (old === undefined) throw new RangeError(`the start point has no family ${name}`);
    for (let d = 0; d < dim; d++) {
      const { shape } = prior.ridge[f * dim + d];
      prior.ridge[f * dim + d] = { shape, rate: shape / point.ridge[old.family * dim + d] };
    }
    for (const label of labels) {
      const known = old.label.get(label);
      for (let d = 0; d < dim; d++) {
        prior.effect[g * dim + d] = known === undefined ? 0 : point.effect[known * dim + d];
        prior.effectVar[g * dim + d] = 1 / point.ridge[old.family * dim + d];
      }
      g++;
    }
  });
  prior.precision = wishart(dim, point.dof, point.inverseScale.slice());
  prior.rebuildMeans();
}

/** Index of each family, and of each of its labels, by name. */
function placesOf({ families, labels }: PriorPoint) {
  let at = 0;
  return new Map(
    families.map(({ name, labels: count }, family) => {
      const from = at;
      at += count;
      const own = labels.slice(from, at);
      return [name, { family, label: new Map(own.map((text, n) => [text, from + n])) }];
    }),
  );
}

/**
 * T_i as it is after n_i ratings by readers drawn from their prior: (Lambda_I + n_i tau beta_i E[psi psi^T])^-1. The
 * first half of a sweep needs no better, and the second makes it exact.
 */
function setCovariances(state: ModelState, tau: number): void {
  const { dim, books, bookPrior, readerPrior, data } = state;
  const square = readerSquare(readerPrior);
  const precision = new Float64Array(dim * dim);
  const cov = new Float64Array(dim * dim);
  const packed = packedSize(dim);
  for (let i = 0; i < books.active.length; i++) {
    if (books.active[i] === 0) continue;
    const count = data.matrix.bookStart[i + 1] - data.matrix.bookStart[i];
    const weight = count * tau * books.precision[i];
    for (let a = 0; a < precision.length; a++) {
      precision[a] = bookPrior.precision.mean[a] + weight * square[a];
    }
    // a sum of two positive definite matrices
    cholesky(precision, dim);
    invertFromFactor(precision, dim, cov);
    for (let a = 0, t = i * packed; a < dim; a++) {
      for (let b = 0; b <= a; b++, t++) books.cov[t] = cov[a * dim + b];
    }
  }
}

/** E[psi psi^T], psi = (1, p_u), of a reader without labels; D x D. */
function readerSquare({ dim, precision, intercept }: SidePrior): Float64Array {
  const factor = precision.mean.slice();
  cholesky(factor, dim);
  const square = new Float64Array(dim * dim);
  invertFromFactor(factor, dim, square);
  const psi = (d: number): number => (d === 0 ? 1 : intercept[d]);
  for (let a = 0; a < dim; a++) {
    for (let b = 0; b < dim; b++) {
      const spread = a === 0 || b === 0 ? 0 : square[a * dim + b];
      square[a * dim + b] = spread + psi(a) * psi(b);
    }
  }
  return square;
}
