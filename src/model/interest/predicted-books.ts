/** Books of one reader with what is known and predicted of them, as columns; a workspace. */
export class PredictedBooks {
  size = 0;
  book = new Int32Array(0);
  /** What does not hang on the ratings: log odds as if the rating were the mean, and the posterior of the odds (`Odds`). */
  logit = new Float64Array(0);
  oddsMean = new Float64Array(0);
  oddsOwn = new Float64Array(0);
  oddsCross = new Float64Array(0);
  /** Index of the signal that speaks loudest but for the rating, in the order of `signalNames`, and how loud. */
  loudest = new Int32Array(0);
  loud = new Float64Array(0);
  /** What the policy orders by. */
  score = new Float64Array(0);
  /** P(picks up). */
  interest = new Float64Array(0);
  /** Index of the signal that speaks loudest. */
  signal = new Int32Array(0);
  /** Latent mean of the rating, rating units, and its variance by cause. */
  mean = new Float64Array(0);
  varReader = new Float64Array(0);
  varBook = new Float64Array(0);
  varNoise = new Float64Array(0);

  constructor() {
    this.reset(256);
  }

  /** Empties the columns and makes room for so many books. */
  reset(most: number): void {
    this.size = 0;
    if (most <= this.book.length) return;
    this.book = new Int32Array(most);
    this.logit = new Float64Array(most);
    this.oddsMean = new Float64Array(most);
    this.oddsOwn = new Float64Array(most);
    this.oddsCross = new Float64Array(most);
    this.loudest = new Int32Array(most);
    this.loud = new Float64Array(most);
    this.score = new Float64Array(most);
    this.interest = new Float64Array(most);
    this.signal = new Int32Array(most);
    this.mean = new Float64Array(most);
    this.varReader = new Float64Array(most);
    this.varBook = new Float64Array(most);
    this.varNoise = new Float64Array(most);
  }
}
