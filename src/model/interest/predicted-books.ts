import { grown } from '../growable.ts';

/** Books of one reader with what is predicted for them, as columns; a workspace. */
export class PredictedBooks {
  size = 0;
  book = new Int32Array(256);
  /** What the policy orders by. */
  score = new Float64Array(256);
  /** P(picks up). */
  interest = new Float64Array(256);
  /** Index of the signal that spoke loudest for the book, in the order of `signalNames`. */
  signal = new Int32Array(256);
  /** Latent mean of the rating, rating units, and its variance by cause. */
  mean = new Float64Array(256);
  varReader = new Float64Array(256);
  varBook = new Float64Array(256);
  varNoise = new Float64Array(256);

  /** Empties the columns and makes room for so many books. */
  reset(most: number): void {
    this.size = 0;
    if (most <= this.book.length) return;
    this.book = grown(this.book, most);
    this.score = grown(this.score, most);
    this.interest = grown(this.interest, most);
    this.signal = grown(this.signal, most);
    this.mean = grown(this.mean, most);
    this.varReader = grown(this.varReader, most);
    this.varBook = grown(this.varBook, most);
    this.varNoise = grown(this.varNoise, most);
  }
}
