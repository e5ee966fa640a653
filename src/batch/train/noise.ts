import { gammaKl, gammaMean, gammaMeanLn, unitMeanGammaShape } from '../../model/gamma.ts';
import type { Gamma } from '../../model/gamma.ts';
import type { FactorShape, ModelState } from './model-state.ts';

/** q of a noise factor whose mean is 1: its shape is known from the number of ratings. */
function unitFactor(shape: number, count: number): Gamma {
  return { shape: shape + count / 2, rate: shape + count / 2 };
}

/** A function of the number of ratings, which many readers and books share: computed once for each number. */
function byCount(of: (count: number) => number): (count: number) => number {
  const known: number[] = [];
  return (count) => (known[count] ??= of(count));
}

/** q(tau) from the weighted squares of all ratings. */
export function updateTau(state: ModelState): void {
  state.tau = {
    shape: state.tauPrior.shape + state.data.matrix.size / 2,
    rate: state.tauPrior.rate + state.squares / 2,
  };
}

/** Shapes a_U and a_I, each at the maximum of the bound. */
export function updateShapes(state: ModelState): void {
  const { readers, books, data } = state;
  bestShape(state.readerShape, data.matrix.readerStart, readers);
  bestShape(state.bookShape, data.matrix.bookStart, books);
}

/** Root mean square of the ratings' noise, rating units: 1 / (E[tau] E[alpha_u] E[beta_i]) averaged over the ratings. */
export function noiseSd(state: ModelState): number {
  const { matrix } = state.data;
  let sum = 0;
  for (let slot = 0; slot < matrix.size; slot++) {
    sum +=
      1 / (state.readers.precision[matrix.reader[slot]] * state.books.precision[matrix.book[slot]]);
  }
  return Math.sqrt(sum / (matrix.size * gammaMean(state.tau)));
}

interface FactorSide {
  readonly active: Uint8Array;
  readonly precision: Float64Array;
}

function bestShape(shape: FactorShape, start: Int32Array, side: FactorSide): void {
  let active = 0;
  let sumLn = 0;
  let sumMean = 0;
  const meanLn = byCount((count) => gammaMeanLn(unitFactor(shape.used, count)));
  for (let n = 0; n < side.active.length; n++) {
    if (side.active[n] === 0) continue;
    active++;
    sumMean += side.precision[n];
    // E[ln x] of the factor with another mean moves by its logarithm
    sumLn += meanLn(start[n + 1] - start[n]) + Math.log(side.precision[n]);
  }
  shape.prior = unitMeanGammaShape(active, sumLn, sumMean, shape.prior);
}

/** Noise terms of the bound: E[ln precision] of the ratings, and the KL of tau, alpha and beta. */
export function noiseBound(state: ModelState): number {
  const { data, readers, books } = state;
  const { matrix } = data;
  return (
    0.5 * matrix.size * (gammaMeanLn(state.tau) - Math.log(2 * Math.PI)) -
    gammaKl(state.tau, state.tauPrior) -
    0.5 * gammaMean(state.tau) * state.squares +
    factorBound(state.readerShape, matrix.readerStart, readers) +
    factorBound(state.bookShape, matrix.bookStart, books)
  );
}

function factorBound(shape: FactorShape, start: Int32Array, side: FactorSide): number {
  const prior = { shape: shape.prior, rate: shape.prior };
  const ofUnit = byCount((count) => {
    const q = unitFactor(shape.used, count);
    return 0.5 * count * gammaMeanLn(q) - gammaKl(q, prior);
  });
  let sum = 0;
  for (let n = 0; n < side.active.length; n++) {
    if (side.active[n] === 0) continue;
    const count = start[n + 1] - start[n];
    const mean = side.precision[n];
    const ln = Math.log(mean);
    // what another mean than 1 changes in E[ln x] and in the KL
    sum += ofUnit(count) + 0.5 * count * ln - shape.prior * (mean - 1 - ln);
  }
  return sum;
}
