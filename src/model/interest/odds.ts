import type { LogisticPosterior } from './logistic.ts';

/**
 * The posterior of the log odds that a reader picks a book up, as a function of the rating x, which is the last signal: with
 * all other signals given they have the mean `mean + slope x` and the variance `own + 2 cross x + curve x^2`.
 */
export class Odds {
  readonly slope: number;
  readonly curve: number;
  /** What the last `of` found. */
  mean = 0;
  own = 0;
  cross = 0;
  private readonly weights: LogisticPosterior;

  constructor(weights: LogisticPosterior) {
    const last = weights.mean.length - 1;
    this.weights = weights;
    this.slope = weights.mean[last - 1];
    this.curve = weights.cov[(last - 1) * (last + 2)];
  }

  /** Takes the signals in, in the order of the weights, but for the rating. */
  of(signal: Float64Array): void {
    const { mean, cov } = this.weights;
    const width = mean.length;
    const last = width - 1;
    const rating = (last - 1) * width;
    // the signal of the intercept is 1
    let linear = mean[last];
    let own = cov[last * width + last];
    let cross = cov[last * width + last - 1];
    for (let a = 0; a < last - 1; a++) {
      const x = signal[a];
      const row = a * width;
      let before = cov[last * width + a];
      for (let b = 0; b < a; b++) before += cov[row + b] * signal[b];
      linear += mean[a] * x;
      own += x * (2 * before + cov[row + a] * x);
      cross += cov[rating + a] * x;
    }
    this.mean = linear;
    this.own = own;
    this.cross = cross;
  }

  /**
   * P(picks up) for the rating x and what `of` found: the mean of 1 / (1 + exp(-odds)) over the posterior, by the probit
   * approximation.
   */
  chance(mean: number, own: number, cross: number, x: number): number {
    const variance = own + x * (2 * cross + this.curve * x);
    const odds = mean + this.slope * x;
    return 1 / (1 + Math.exp(-odds / Math.sqrt(1 + (Math.PI * variance) / 8)));
  }
}
