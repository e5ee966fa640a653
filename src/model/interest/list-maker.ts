import type { Policy } from '../../contracts/policies.ts';
import type { FoldIn } from '../fold-in.ts';
import { chanceAtLeast, expectedRating, levelProbabilities } from '../level-map.ts';
import { grown } from '../growable.ts';
import { cholesky } from '../cholesky.ts';
import { normalDraw, type Random, seededRandom } from '../random.ts';
import type { ListChoice, ReaderInput } from '../recommender.ts';
import { relevantFrom } from '../relevant-from.ts';
import type { TrainedModel } from '../trained-model.ts';
import { interestOf } from './learn-interest.ts';
import { PredictedBooks } from './predicted-books.ts';
import { Shortlist } from './shortlist.ts';
import { Signals } from './signals.ts';
import { Tally } from './tally.ts';

/** Books that are looked at for a list of n: 5 n + 100, and of them the rating is predicted for 3/2 n + 25. */
const LOOKED_AT = { factor: 5, more: 100 };
const PREDICTED = { factor: 1.5, more: 25 };
/** Standard normal quantile of policy `cautious`, 5 %. */
const CAUTIOUS_Z = -1.6448536269514722;
/** Places among which `maxPerAuthor` holds. */
const AUTHOR_WINDOW = 10;

/** What a list is ordered by. */
interface Order {
  readonly policy: Policy;
  readonly weights: Float64Array;
  readonly random: Random | null;
}

/** Orders books by a policy over the two posteriors, interest and rating (docs/model.md 3.13); a workspace. */
export class ListMaker {
  /** Books that were predicted for the last list. */
  readonly predicted = new PredictedBooks();
  private readonly model: TrainedModel;
  private readonly signals: Signals;
  private readonly shortlist = new Shortlist();
  /** By edition and by author. */
  private readonly works: Tally;
  private readonly authors: Tally;
  private readonly signal: Float64Array;
  private readonly likedFrom: number;
  private readonly probability: Float64Array;
  private order = new Int32Array(256);

  constructor(model: TrainedModel) {
    this.model = model;
    this.signals = new Signals(model.interest, model.books.labels, model.listed);
    this.works = new Tally(model.listed.length);
    this.authors = new Tally(model.listed.length);
    this.signal = new Float64Array(this.signals.width);
    this.likedFrom = relevantFrom(model.levelMap.levels);
    this.probability = new Float64Array(model.levelMap.levels.length);
  }

  /**
   * The list of the reader of `fold`: the books with the most interest, in the order of the policy, as places in
   * `predicted`. With `allowed` all books are looked at where it is 1, since the usual candidates may have none of them.
   */
  list(
    fold: FoldIn,
    reader: ReaderInput,
    { count, choice, allowed }: { count: number; choice: ListChoice; allowed: Uint8Array | null },
  ): Int32Array {
    const { signals, predicted, shortlist } = this;
    const { author } = this.model.interest.works;
    const random = choice.policy === 'explore' ? seededRandom(choice.seed) : null;
    const by = { policy: choice.policy, weights: this.weights(random), random };
    const lookedAt = LOOKED_AT.factor * count + LOOKED_AT.more;
    const most = choice.maxPerAuthor * Math.ceil(count / AUTHOR_WINDOW);
    const enough = Math.ceil(PREDICTED.factor * count) + PREDICTED.more;
    predicted.reset(enough);
    const popular = allowed === null ? lookedAt : Infinity;
    signals.open(reader.ratedBook, reader.unratedBook, popular, reader.byLiked);
    signals.weigh(by.weights);
    shortlist.fill(signals.candidate, signals.logit, signals.size);
    this.meetWorks(reader);
    this.authors.clear();
    const takes = allowed === null ? lookedAt : signals.size;
    for (let n = 0; n < takes && predicted.size < enough; n++) {
      const at = shortlist.take();
      if (at < 0) break;
      const book = signals.candidate[at];
      if (allowed !== null && allowed[book] !== 1) continue;
      if (!this.isNewWork(book)) continue;
      if (author[book] < 0 || this.authors.add(author[book]) < most) {
        this.add(fold, book, signals.logit[at], by);
      }
    }
    this.sort();
    return this.varied(count, choice.maxPerAuthor);
  }

  /** The same of the given books alone, by expected rating; editions and authors are treated as in `list`. */
  listOf(
    fold: FoldIn,
    reader: ReaderInput,
    books: Int32Array,
    { count, choice }: { count: number; choice: ListChoice },
  ): Int32Array {
    const { predicted } = this;
    const by = { policy: choice.policy, weights: this.model.interest.weights.mean, random: null };
    predicted.reset(books.length);
    this.signals.open(reader.ratedBook, reader.unratedBook, undefined, reader.byLiked);
    this.meetWorks(reader);
    for (const book of books) if (this.isNewWork(book)) this.add(fold, book, 0, by);
    this.sort();
    return this.varied(count, choice.maxPerAuthor);
  }

  /** Notes the works that the reader has met. */
  private meetWorks(reader: ReaderInput): void {
    const { edition } = this.model.interest.works;
    this.works.clear();
    for (const book of reader.ratedBook) this.works.add(edition[book]);
    for (const book of reader.unratedBook) this.works.add(edition[book]);
  }

  /** Whether the book is of a work that neither the reader nor this method has met. */
  private isNewWork(book: number): boolean {
    return this.works.add(this.model.interest.works.edition[book]) === 0;
  }

  private weights(random: Random | null): Float64Array {
    const { mean, cov } = this.model.interest.weights;
    return random === null ? mean : drawOf(mean, cov, random);
  }

  /** Predicts a book and puts it at the end of `predicted`. */
  private add(fold: FoldIn, book: number, logit: number, by: Order): void {
    const { predicted, signal, model } = this;
    const n = predicted.size++;
    fold.lookAt(book);
    this.signals.write(book, fold.mean - model.offset, signal, 0);
    predicted.book[n] = book;
    predicted.interest[n] = interestOf(model.interest.weights, signal, 0);
    predicted.signal[n] = this.loudest();
    predicted.mean[n] = fold.mean;
    predicted.varReader[n] = fold.varReader;
    predicted.varBook[n] = fold.varBook;
    predicted.varNoise[n] = fold.varNoise;
    predicted.score[n] = this.scoreOf(n, logit, by);
  }

  private scoreOf(n: number, logit: number, { policy, weights, random }: Order): number {
    const { levelMap, offset } = this.model;
    const mean = this.predicted.mean[n];
    const noise = this.predicted.varNoise[n];
    const variance = this.predicted.varReader[n] + this.predicted.varBook[n];
    const interest = this.predicted.interest[n];
    switch (policy) {
      case 'rating':
        levelProbabilities(levelMap, mean, variance + noise, this.probability, 0);
        return expectedRating(levelMap, this.probability, 0, mean);
      case 'interest':
        return interest;
      case 'cautious':
        return mean + CAUTIOUS_Z * Math.sqrt(variance);
      case 'balanced':
        return interest * chanceAtLeast(levelMap, mean, variance + noise, this.likedFrom);
      case 'explore': {
        const z = random === null ? 0 : normalDraw(random);
        const drawn = mean + z * Math.sqrt(variance);
        const odds = logit + weights[this.signals.width - 1] * (drawn - offset);
        return chanceAtLeast(levelMap, drawn, noise, this.likedFrom) / (1 + Math.exp(-odds));
      }
    }
  }

  /** Signal with the greatest weighted distance from what candidates have; the reader's own size says nothing. */
  private loudest(): number {
    const { weights, centre } = this.model.interest;
    let best = 0;
    let most = -Infinity;
    for (let a = 0; a < this.signals.width; a++) {
      const voice = weights.mean[a] * (this.signal[a] - centre[a]);
      if (a !== this.signals.width - 2 && voice > most) [best, most] = [a, voice];
    }
    return best;
  }

  /** Puts the places of the predicted books in order of their score. */
  private sort(): void {
    const { shortlist, predicted } = this;
    this.order = grown(this.order, predicted.size);
    shortlist.fill(predicted.book, predicted.score, predicted.size);
    for (let n = 0; n < predicted.size; n++) this.order[n] = shortlist.take();
  }

  /** Places of the first `count` books in order such that of ten, from the top, no author has too many. */
  private varied(count: number, maxPerAuthor: number): Int32Array {
    const { order, predicted } = this;
    const { author } = this.model.interest.works;
    const { size } = predicted;
    const list = new Int32Array(Math.min(count, size));
    let taken = 0;
    let waiting = size;
    for (let end = 0; end < list.length && taken === end;) {
      end = Math.min(list.length, end + AUTHOR_WINDOW);
      this.authors.clear();
      let kept = 0;
      for (let n = 0; n < waiting; n++) {
        const at = order[n];
        const by = author[predicted.book[at]];
        const isFew = by < 0 || this.authors.add(by) < maxPerAuthor;
        if (isFew && taken < end) list[taken++] = at;
        else order[kept++] = at;
      }
      waiting = kept;
    }
    return list.subarray(0, taken);
  }
}

/** A draw from N(mean, cov). */
function drawOf(mean: Float64Array, cov: Float64Array, random: Random): Float64Array {
  const size = mean.length;
  const factor = cov.slice();
  cholesky(factor, size);
  const z = Float64Array.from(mean, () => normalDraw(random));
  return mean.map((m, a) => {
    let sum = m;
    for (let b = 0; b <= a; b++) sum += factor[a * size + b] * z[b];
    return sum;
  });
}
