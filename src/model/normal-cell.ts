import { normalCdf, normalPdf } from './special-functions.ts';

/** Mass of a cell below which the normal variable in it is taken to lie at the cell's nearest edge. */
const LEAST_MASS = 1e-280;

/** A normal variable of which no more is known than the cell it lies in: a truncated normal. A workspace; its fields speak of the last `take`. */
export class NormalCell {
  mean = 0;
  variance = 0;
  /** Entropy, nats. */
  entropy = 0;

  /** N(m, sd^2) in cell l of those that the edges part. */
  takeIn(edges: Float64Array, l: number, m: number, sd: number): void {
    const low = l === 0 ? -Infinity : edges[l - 1];
    this.take(m, sd, low, l === edges.length ? Infinity : edges[l]);
  }

  /** N(m, sd^2) between `low` and `high`, low < high, either of which may be infinite. */
  take(m: number, sd: number, low: number, high: number): void {
    let a = (low - m) / sd;
    let b = (high - m) / sd;
    // in the lower tail, where small probabilities are exact
    const isMirrored = a + b > 0;
    if (isMirrored) [a, b] = [-b, -a];
    const mass = normalCdf(b) - normalCdf(a);
    if (!(mass > LEAST_MASS)) {
      this.mean = isMirrored ? low : high;
      this.variance = 0;
      this.entropy = 0;
      return;
    }
    const [atA, atB] = [normalPdf(a) / mass, normalPdf(b) / mass];
    const shift = Math.min(b, Math.max(a, atA - atB));
    // an infinite edge has no density to be far from
    const turn = (a === -Infinity ? 0 : a * atA) - (b === Infinity ? 0 : b * atB);
    const variance = Math.min(1, Math.max(0, 1 + turn - shift * shift));
    this.mean = m + (isMirrored ? -sd : sd) * shift;
    this.variance = sd * sd * variance;
    this.entropy = Math.log(mass * sd) + 0.5 * (Math.log(2 * Math.PI) + variance + shift * shift);
  }
}
