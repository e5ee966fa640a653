import { seededRandom } from '../../model/random.ts';
import type { RatingMatrix } from '../../model/rating-matrix.ts';
import { enoughOf, strongestDirections } from './strongest-directions.ts';

/** Rounds of biases; they need not converge, since training learns them anew. */
const BIAS_ROUNDS = 4;
/** Changes of the strengths by less than this share say no more on what stands out. */
const SETTLED = 0.005;
/** The strongest factor must stand out of what noise alone gives by this factor. */
const MARGIN = 1.05;

/**
 * Factors of the books to start training from, M x K, or null where none stands out of noise (docs/model.md 3.7): the
 * strongest directions of the residuals after biases. The noise is judged by the same residuals with random signs, which
 * keeps their sizes and places but no common direction. A direction that explains the variance s starts at the scale
 * s^(1/4), the readers' factors taking the other half. Units: sqrt(r).
 */
export function spectralFactors(
  whole: RatingMatrix,
  offset: number,
  rank: number,
  seed: number,
): Float64Array | null {
  const random = seededRandom(seed);
  const matrix = enoughOf(whole);
  const search = { rank, settled: SETTLED, random };
  const residual = biasResiduals(matrix, offset);
  const { book, strength } = strongestDirections(matrix, residual, search);
  const signless = residual.map((r) => (random() < 0.5 ? r : -r));
  const noise = strongestDirections(matrix, signless, search).strength;
  if (!(Math.max(...strength) > MARGIN * Math.max(...noise))) return null;
  return book.map((x, at) => strength[at % rank] ** 0.25 * x);
}

/** r - mu less the biases of readers and books, unshrunk, since what is left of a bias would look like a factor. By slot. */
function biasResiduals(matrix: RatingMatrix, offset: number): Float64Array {
  const residual = matrix.value.map((value) => value - offset);
  const sides = [
    { entity: matrix.book, start: matrix.bookStart, bias: new Float64Array(matrix.books) },
    { entity: matrix.reader, start: matrix.readerStart, bias: new Float64Array(matrix.readers) },
  ];
  for (let round = 0; round < BIAS_ROUNDS; round++) {
    for (const { entity, start, bias } of sides) {
      const sum = bias.map((b, n) => b * (start[n + 1] - start[n]));
      for (let slot = 0; slot < residual.length; slot++) sum[entity[slot]] += residual[slot];
      const change = sum.map((s, n) => s / Math.max(1, start[n + 1] - start[n]) - bias[n]);
      for (let slot = 0; slot < residual.length; slot++) residual[slot] -= change[entity[slot]];
      for (let n = 0; n < bias.length; n++) bias[n] += change[n];
    }
  }
  return residual;
}
