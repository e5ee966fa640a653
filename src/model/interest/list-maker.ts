import type { FoldIn } from '../fold-in.ts';
import { levelProbabilities, probabilityAtLeast } from '../level-map.ts';
import { cholesky } from '../cholesky.ts';
import { normalDraw, type Random, seededRandom } from '../random.ts';
import type { ListChoice, ReaderInput } from '../recommender.ts';
import { relevantFrom } from '../relevant-from.ts';
import type { TrainedModel } from '../trained-model.ts';
import { interestOf } from './learn-interest.ts';
import { Shortlist } from './shortlist.ts';
import { Signals } from './signals.ts';
import type { Works } from './works.ts';

/** Books that are looked at for a list of n: 5 n + 100, and of them the rating is predicted for 2 n + 40. */
const LOOKED_AT = { factor: 5, more: 100 };
const PREDICTED = { factor: 2, more: 40 };
/** Standard normal quantile of policy `cautious`, 5 %. */
const CAUTIOUS_Z = -1.6448536269514722;
/** Places among which `maxPerAuthor` holds. */
const AUTHOR_WINDOW = 10;

/** A book of a list, with what its signals said. */
export interface ListedBook {
  readonly book: number;
  /** P(picks up). */
  readonly interest: number;
  /** Index of the signal that spoke loudest for the book, in the order of `signalNames`. */
  readonly signal: number;
}

interface Scored extends ListedBook {
  readonly score: number;
}

/** Orders books by a policy over the two posteriors, interest and rating (docs/model.md 3.13); a workspace. */
export class ListMaker {
  private readonly model: TrainedModel;
  private readonly signals: Signals;
  private readonly signal: Float64Array;
  private readonly probability: Float64Array;
  private readonly likedFrom: number;

  constructor(model: TrainedModel) {
    this.model = model;
    this.signals = new Signals(model.interest, model.books.labels, model.listed);
    this.signal = new Float64Array(this.signals.width);
    this.probability = new Float64Array(model.levelMap.levels.length);
    this.likedFrom = relevantFrom(model.levelMap.levels);
  }

  /** The list of the reader of `fold`: the books with the most interest, in the order of the policy. */
  list(fold: FoldIn, reader: ReaderInput, count: number, choice: ListChoice): ListedBook[] {
    const random = choice.policy === 'explore' ? seededRandom(choice.seed) : null;
    const weights = this.weights(random);
    const lookedAt = LOOKED_AT.factor * count + LOOKED_AT.more;
    this.signals.open(reader.ratedBook, reader.unratedBook, lookedAt, reader.byLiked);
    const best = new Shortlist(lookedAt);
    const { candidate, size } = this.signals;
    for (let n = 0; n < size; n++) {
      best.offer(candidate[n], this.signals.logit(candidate[n], weights));
    }
    const { works } = this.model.interest;
    const { maxPerAuthor } = choice;
    const most = maxPerAuthor * Math.ceil(count / AUTHOR_WINDOW);
    const pool = { most, count: PREDICTED.factor * count + PREDICTED.more };
    const scored = fewOfAnAuthor(newWorks(works, reader, best.entries()), works, pool).map(
      ({ book, logit }) => this.scored(fold, book, logit, { choice, weights, random }),
    );
    scored.sort((a, b) => b.score - a.score || a.book - b.book);
    return varied(scored, works, { count, maxPerAuthor });
  }

  /** Books in the order given, with their interest; editions and authors are treated the same. */
  listOf(
    fold: FoldIn,
    reader: ReaderInput,
    books: Int32Array,
    { count, choice }: { count: number; choice: ListChoice },
  ): ListedBook[] {
    const { works, weights } = this.model.interest;
    this.signals.open(reader.ratedBook, reader.unratedBook, undefined, reader.byLiked);
    const entries = Array.from(books, (book) => ({ book }));
    const fresh = newWorks(works, reader, entries);
    return varied([...fresh], works, { count, maxPerAuthor: choice.maxPerAuthor }).map(({ book }) =>
      this.scored(fold, book, 0, { choice, weights: weights.mean, random: null }),
    );
  }

  private weights(random: Random | null): Float64Array {
    const { mean, cov } = this.model.interest.weights;
    return random === null ? mean : drawOf(mean, cov, random);
  }

  private scored(
    fold: FoldIn,
    book: number,
    logit: number,
    by: { choice: ListChoice; weights: Float64Array; random: Random | null },
  ): Scored {
    const { interest, offset, levelMap } = this.model;
    const { mean, varReader, varBook, varNoise } = fold.predict(book);
    this.signals.write(book, mean - offset, this.signal, 0);
    const chance = interestOf(interest.weights, this.signal, 0);
    const result = { book, interest: chance, signal: this.loudest() };
    const sd = Math.sqrt(varReader + varBook);
    const liked = (latent: number, variance: number): number => {
      levelProbabilities(levelMap, latent, variance, this.probability, 0);
      return probabilityAtLeast(levelMap, this.probability, 0, this.likedFrom);
    };
    switch (by.choice.policy) {
      case 'rating':
        return { ...result, score: mean };
      case 'interest':
        return { ...result, score: chance };
      case 'cautious':
        return { ...result, score: mean + CAUTIOUS_Z * sd };
      case 'balanced':
        return { ...result, score: chance * liked(mean, varReader + varBook + varNoise) };
      case 'explore': {
        const z = by.random === null ? 0 : normalDraw(by.random);
        const drawn = mean + z * sd;
        const odds = logit + by.weights[this.signals.width - 1] * (drawn - offset);
        return { ...result, score: liked(drawn, varNoise) / (1 + Math.exp(-odds)) };
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
}

/** Books of works that the reader has not met, each work once; keeps the order. */
function* newWorks<T extends { readonly book: number }>(
  { edition }: Works,
  reader: ReaderInput,
  books: readonly T[],
): Generator<T> {
  const taken = new Set<number>();
  for (const book of reader.ratedBook) taken.add(edition[book]);
  for (const book of reader.unratedBook) taken.add(edition[book]);
  for (const item of books) {
    const work = edition[item.book];
    if (taken.has(work)) continue;
    taken.add(work);
    yield item;
  }
}

/** The first `count` of the books, without those beyond the first `most` of their author; looks at no more than it needs. */
function fewOfAnAuthor<T extends { readonly book: number }>(
  books: Iterable<T>,
  { author }: Works,
  { most, count }: { most: number; count: number },
): T[] {
  const times = new Map<number, number>();
  const few: T[] = [];
  for (const item of books) {
    if (few.length === count) break;
    const by = author[item.book];
    const before = times.get(by) ?? 0;
    if (by >= 0) times.set(by, before + 1);
    if (before < most) few.push(item);
  }
  return few;
}

/** The first `count` books such that of ten places one after the other, from the top, no author has too many. */
function varied<T extends { readonly book: number }>(
  books: readonly T[],
  works: Works,
  { count, maxPerAuthor }: { count: number; maxPerAuthor: number },
): T[] {
  const list: T[] = [];
  let waiting = books;
  while (list.length < count) {
    const places = Math.min(count - list.length, AUTHOR_WINDOW);
    const window = { most: maxPerAuthor, count: places };
    const chosen = new Set(fewOfAnAuthor(waiting, works, window));
    list.push(...chosen);
    if (chosen.size < places) break;
    waiting = waiting.filter((item) => !chosen.has(item));
  }
  return list;
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
