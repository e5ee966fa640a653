import type { Policy } from '../../contracts/policies.ts';
import type { FoldIn } from '../fold-in.ts';
import { chanceAtLeast, expectedRating, levelProbabilities } from '../level-map.ts';
import { grown } from '../growable.ts';
import { cholesky } from '../cholesky.ts';
import { normalDraw, type Random, seededRandom } from '../random.ts';
import type { ListChoice, ReaderInput } from '../recommender.ts';
import { relevantFrom } from '../relevant-from.ts';
import type { TrainedModel } from '../trained-model.ts';
import { Odds } from './odds.ts';
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

/** What list is asked for. */
interface Wanted {
  readonly count: number;
  readonly choice: ListChoice;
  readonly allowed: Uint8Array | null;
}

/** What decides which books are picked out, but for longer histories. */
interface Picked {
  /** The only book met, -1 for none, null for any other history. */
  readonly met: number | null;
  readonly count: number;
  readonly maxPerAuthor: number;
}

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
  private readonly odds: Odds;
  private readonly shortlist = new Shortlist();
  /** By edition and by author. */
  private readonly works: Tally;
  private readonly authors: Tally;
  private readonly signal: Float64Array;
  private readonly likedFrom: number;
  private readonly probability: Float64Array;
  private waiting = new Int32Array(256);
  /** What the books in `predicted` were picked out for: one history of at most one book may follow another. */
  private last: Picked = { met: null, count: 0, maxPerAuthor: 0 };

  constructor(model: TrainedModel) {
    this.model = model;
    this.signals = new Signals(model.interest, model.books.labels, model.listed);
    this.odds = new Odds(model.interest.weights);
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
  list(fold: FoldIn, reader: ReaderInput, wanted: Wanted): Int32Array {
    const { policy, seed, maxPerAuthor } = wanted.choice;
    const random = policy === 'explore' ? seededRandom(seed) : null;
    const by = { policy, weights: this.weights(random), random };
    const met = random === null && wanted.allowed === null ? shortHistory(reader) : null;
    const { last } = this;
    const isSame =
      last.met === met && last.count === wanted.count && last.maxPerAuthor === maxPerAuthor;
    if (met === null || !isSame) this.pick(reader, by.weights, wanted);
    this.last = { met, count: wanted.count, maxPerAuthor };
    this.predict(fold, by);
    return this.varied(wanted.count, maxPerAuthor);
  }

  /** The same of the given books alone, by expected rating; editions and authors are treated as in `list`. */
  listOf(
    fold: FoldIn,
    reader: ReaderInput,
    books: Int32Array,
    { count, choice }: { count: number; choice: ListChoice },
  ): Int32Array {
    this.last = { met: null, count, maxPerAuthor: choice.maxPerAuthor };
    this.predicted.reset(books.length);
    this.signals.open(reader.ratedBook, reader.unratedBook, undefined, reader.byLiked);
    this.meetWorks(reader);
    for (const book of books) if (this.isNewWork(book)) this.add(book, 0);
    this.predict(fold, {
      policy: choice.policy,
      weights: this.model.interest.weights.mean,
      random: null,
    });
    return this.varied(count, choice.maxPerAuthor);
  }

  /** Picks the books out whose rating is worth predicting: those of most interest, whatever their rating. */
  private pick(
    reader: ReaderInput,
    weights: Float64Array,
    { count, choice, allowed }: Wanted,
  ): void {
    const { signals, predicted, shortlist } = this;
    const { author } = this.model.interest.works;
    const lookedAt = LOOKED_AT.factor * count + LOOKED_AT.more;
    const most = choice.maxPerAuthor * Math.ceil(count / AUTHOR_WINDOW);
    const enough = Math.ceil(PREDICTED.factor * count) + PREDICTED.more;
    predicted.reset(enough);
    const popular = allowed === null ? lookedAt : Infinity;
    signals.open(reader.ratedBook, reader.unratedBook, popular, reader.byLiked);
    signals.weigh(weights);
    const takes = allowed === null ? lookedAt : signals.size;
    shortlist.fill(
      signals.candidate,
      signals.logit,
      signals.size,
      Math.min(takes, Math.ceil(1.25 * enough)),
    );
    this.meetWorks(reader);
    this.authors.clear();
    for (let n = 0; n < takes && predicted.size < enough; n++) {
      const at = shortlist.take();
      if (at < 0) break;
      const book = signals.candidate[at];
      if (allowed !== null && allowed[book] !== 1) continue;
      if (!this.isNewWork(book)) continue;
      if (author[book] < 0 || this.authors.add(author[book]) < most)
        this.add(book, signals.logit[at]);
    }
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

  /** Puts a book at the end of `predicted`, with what its signals say but for the rating. */
  private add(book: number, logit: number): void {
    const { predicted, signal, odds, signals } = this;
    const { weights, centre } = this.model.interest;
    const n = predicted.size++;
    signals.write(book, 0, signal, 0);
    odds.of(signal);
    predicted.book[n] = book;
    predicted.logit[n] = logit;
    predicted.oddsMean[n] = odds.mean;
    predicted.oddsOwn[n] = odds.own;
    predicted.oddsCross[n] = odds.cross;
    // The greatest weighted distance from what candidates have; the last but one, the reader's own size, says nothing.
    let loudest = 0;
    let loud = -Infinity;
    for (let a = 0; a < signals.width - 2; a++) {
      const voice = weights.mean[a] * (signal[a] - centre[a]);
      if (voice > loud) [loudest, loud] = [a, voice];
    }
    predicted.loudest[n] = loudest;
    predicted.loud[n] = loud;
  }

  /** Predicts the rating of each book, and with it the interest and what the policy orders by. */
  private predict(fold: FoldIn, by: Order): void {
    const { predicted, model, odds } = this;
    const { oddsMean, oddsOwn, oddsCross } = predicted;
    const rating = this.signals.width - 1;
    const centre = model.interest.centre[rating];
    for (let n = 0; n < predicted.size; n++) {
      fold.lookAt(predicted.book[n]);
      const x = fold.mean - model.offset;
      predicted.interest[n] = odds.chance(oddsMean[n], oddsOwn[n], oddsCross[n], x);
      predicted.signal[n] =
        odds.slope * (x - centre) > predicted.loud[n] ? rating : predicted.loudest[n];
      predicted.mean[n] = fold.mean;
      predicted.varReader[n] = fold.varReader;
      predicted.varBook[n] = fold.varBook;
      predicted.varNoise[n] = fold.varNoise;
      predicted.score[n] = this.scoreOf(n, by);
    }
  }

  private scoreOf(n: number, { policy, weights, random }: Order): number {
    const { levelMap, offset } = this.model;
    const { predicted } = this;
    const mean = predicted.mean[n];
    const noise = predicted.varNoise[n];
    const variance = predicted.varReader[n] + predicted.varBook[n];
    switch (policy) {
      case 'rating':
        levelProbabilities(levelMap, mean, variance + noise, this.probability, 0);
        return expectedRating(levelMap, this.probability, 0, mean);
      case 'interest':
        return predicted.interest[n];
      case 'cautious':
        return mean + CAUTIOUS_Z * Math.sqrt(variance);
      case 'balanced':
        return (
          predicted.interest[n] * chanceAtLeast(levelMap, mean, variance + noise, this.likedFrom)
        );
      case 'explore': {
        const z = random === null ? 0 : normalDraw(random);
        const drawn = mean + z * Math.sqrt(variance);
        const odds = predicted.logit[n] + weights[this.signals.width - 1] * (drawn - offset);
        return chanceAtLeast(levelMap, drawn, noise, this.likedFrom) / (1 + Math.exp(-odds));
      }
    }
  }

  /**
   * Places in `predicted` of the first `count` books by falling score such that of ten, from the top, no author has too many: what is
   * too much for one ten waits for the next.
   */
  private varied(count: number, maxPerAuthor: number): Int32Array {
    const { predicted, shortlist, authors } = this;
    const { book } = predicted;
    const { author } = this.model.interest.works;
    const list = new Int32Array(Math.min(count, predicted.size));
    this.waiting = grown(this.waiting, predicted.size);
    const { waiting } = this;
    shortlist.fill(book, predicted.score, predicted.size, Math.ceil(1.25 * count));
    let taken = 0;
    let waits = 0;
    const isFew = (at: number): boolean => {
      const by = author[book[at]];
      return by < 0 || authors.add(by) < maxPerAuthor;
    };
    for (let end = 0; end < list.length && taken === end;) {
      end = Math.min(list.length, end + AUTHOR_WINDOW);
      authors.clear();
      let kept = 0;
      for (let n = 0; n < waits; n++) {
        if (taken < end && isFew(waiting[n])) list[taken++] = waiting[n];
        else waiting[kept++] = waiting[n];
      }
      waits = kept;
      while (taken < end) {
        const at = shortlist.take();
        if (at < 0) break;
        if (isFew(at)) list[taken++] = at;
        else waiting[waits++] = at;
      }
    }
    return list.subarray(0, taken);
  }
}

function shortHistory({ ratedBook, unratedBook, byLiked }: ReaderInput): number | null {
  const liked = byLiked?.length ?? 0;
  if (ratedBook.length + unratedBook.length > 1 || liked > 0) return null;
  if (ratedBook.length > 0) return ratedBook[0];
  return unratedBook.length > 0 ? unratedBook[0] : -1;
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
