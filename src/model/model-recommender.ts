import { ageBand } from './age-band.ts';
import { countryLabel, stateLabel } from './country-label.ts';
import { FoldIn } from './fold-in.ts';
import {
  expectedRating,
  levelProbabilities,
  probabilityAtLeast,
  ratingQuantile,
  ratingSd,
  repairTable,
} from './level-map.ts';
import { quickNormalCdf } from './special-functions.ts';
import { BOOKS_MET } from './links.ts';
import { signalNames } from './interest/interest-model.ts';
import { ListMaker } from './interest/list-maker.ts';
import { type SimilarBook, similarBooks } from './interest/similar.ts';
import { ListRanking } from './list-ranking.ts';
import type { RankedList } from './ranked-list.ts';
import {
  DEFAULT_CHOICE,
  type ListChoice,
  type Prediction,
  type Question,
  type ReaderInput,
  type Recommender,
} from './recommender.ts';
import type { TrainedModel } from './trained-model.ts';

/** Best books by mean that policy `rating` chooses from, as a multiple of the list's length. */
const POOL = 3;
/** Books that may be asked for, those of most interest, and books that the answer is to tell of. */
const ASKED = 50;
const PICKED = 50;

/** Answers for any reader from a trained model; one object serves one thread. */
export class ModelRecommender implements Recommender {
  readonly model: TrainedModel;
  readonly levels: Float64Array;
  readonly unknownBook: number;
  readonly signals: readonly string[];
  private readonly fold: FoldIn;
  /** Made when a list by rating is first asked for: it takes longer than all else, and those who make all lists need none. */
  private ranking: ListRanking | null = null;
  private readonly maker: ListMaker;
  private readonly probability: Float64Array;
  private readonly familyOfName = new Map<string, ReadonlyMap<string, number>>();

  constructor(model: TrainedModel) {
    this.model = model;
    this.levels = model.levelMap.levels;
    this.unknownBook = model.listed.length - 1;
    this.signals = signalNames(model.books.labels.families);
    this.fold = new FoldIn(model);
    this.maker = new ListMaker(model);
    this.probability = new Float64Array(this.levels.length);
    let start = 0;
    for (const { name, labels } of model.readerPrior.families) {
      const first = start;
      start += labels.length;
      // what a reader has met is no field of a question
      if (name === BOOKS_MET) continue;
      this.familyOfName.set(name, new Map(labels.map((label, l) => [label, first + l])));
    }
  }

  labelsOf(fields: Readonly<Record<string, string>>): Uint32Array {
    const found: number[] = [];
    for (const [name, text] of Object.entries(fields)) {
      const label = this.labelText(name, text, fields['country'] ?? '');
      const index = label === null ? undefined : this.familyOfName.get(name)?.get(label);
      if (index !== undefined) found.push(index);
    }
    return Uint32Array.from(found);
  }

  private labelText(name: string, text: string, country: string): string | null {
    if (name === 'country') return countryLabel(text);
    if (name === 'state') return stateLabel(text, countryLabel(country));
    if (name === 'age') return ageBand(Number(text)) ?? text;
    return text.toLowerCase();
  }

  recommend(
    reader: ReaderInput,
    topK: number,
    choice: ListChoice = DEFAULT_CHOICE,
    allowed: Uint8Array | null = null,
  ): RankedList {
    this.fold.solve(reader);
    if (choice.policy !== 'rating') {
      return this.listOf(this.maker.list(this.fold, reader, { count: topK, choice, allowed }));
    }
    this.ranking ??= new ListRanking(this.model);
    const best = this.ranking.best(this.fold, reader, POOL * topK, allowed);
    return this.listOf(this.maker.listOf(this.fold, reader, best, { count: topK, choice }));
  }

  /** The list of predicted books at these places. */
  private listOf(places: Int32Array): RankedList {
    const { probability, fold } = this;
    const { levelMap } = this.model;
    const { book, interest, signal, mean, varReader, varBook, varNoise } = this.maker.predicted;
    const count = places.length;
    const list = {
      book: new Uint32Array(count),
      interest: new Float32Array(count),
      signal: new Uint8Array(count),
      mean: new Float32Array(count),
      low: new Float32Array(count),
      high: new Float32Array(count),
      sdReader: new Float32Array(count),
      sdBook: new Float32Array(count),
      sdNoise: new Float32Array(count),
    };
    for (let n = 0; n < count; n++) {
      const at = places[n];
      const variance = varReader[at] + varBook[at] + varNoise[at];
      levelProbabilities(levelMap, mean[at], variance, probability, 0, quickNormalCdf);
      const sd = ratingSd(levelMap, probability, 0);
      const unit = sd / Math.sqrt(variance);
      const table = repairTable(levelMap, fold.known(book[at]), sd);
      list.book[n] = book[at];
      list.interest[n] = interest[at];
      list.signal[n] = signal[at];
      list.mean[n] = expectedRating(levelMap, probability, 0, mean[at]);
      list.low[n] = ratingQuantile(levelMap, probability, 0, table, 0.025);
      list.high[n] = ratingQuantile(levelMap, probability, 0, table, 0.975);
      list.sdReader[n] = unit * Math.sqrt(varReader[at]);
      list.sdBook[n] = unit * Math.sqrt(varBook[at]);
      list.sdNoise[n] = unit * Math.sqrt(varNoise[at]);
    }
    return list;
  }

  predict(reader: ReaderInput, books: Uint32Array): Prediction[] {
    this.fold.solve(reader);
    return Array.from(books, (book) => this.predictionOf(book));
  }

  meanWidths(reader: ReaderInput, books: Uint32Array): Float64Array {
    const { ratedBook } = reader;
    const widths = new Float64Array(ratedBook.length + 1);
    for (let known = 0; known < widths.length; known++) {
      this.fold.solve({ ...reader, ratedBook: ratedBook.subarray(0, known) });
      for (const book of books) widths[known] += this.widthOf(book);
      widths[known] /= Math.max(1, books.length);
    }
    return widths;
  }

  /** Width of the 95 % interval of a book's rating. */
  private widthOf(book: number): number {
    const { fold, probability } = this;
    const { levelMap } = this.model;
    fold.lookAt(book);
    const variance = fold.varReader + fold.varBook + fold.varNoise;
    levelProbabilities(levelMap, fold.mean, variance, probability, 0);
    const table = repairTable(levelMap, fold.known(book), ratingSd(levelMap, probability, 0));
    const end = (p: number): number => ratingQuantile(levelMap, probability, 0, table, p);
    return end(0.975) - end(0.025);
  }

  shares(reader: ReaderInput, books: Uint32Array): Float64Array[] {
    this.fold.solve(reader);
    return Array.from(books, (book) => {
      const out = new Float64Array(reader.ratedBook.length);
      this.fold.shares(book, out);
      return out;
    });
  }

  question(reader: ReaderInput, allowed?: Uint8Array): Question | null {
    const known = this.recommend(reader, ASKED, { ...DEFAULT_CHOICE, policy: 'interest' }, allowed);
    const wanted = this.recommend(reader, PICKED).book;
    const { factor } = this.fold;
    const variances = (): Float64Array =>
      Float64Array.from(wanted, (book) => {
        this.fold.lookAt(book);
        return this.fold.varReader + this.fold.varBook;
      });
    const now = variances();
    let best: Question | null = null;
    for (const [n, book] of known.book.entries()) {
      const ratedValue = [...Array.from(reader.ratedValue), known.mean[n]];
      const ratedBook = Uint32Array.from([...reader.ratedBook, book]);
      // What an answer tells does not depend on the answer, but for the noise factor, which is held.
      this.fold.solve({ ...reader, ratedBook, ratedValue }, factor);
      const then = variances();
      const others = Array.from(wanted.keys()).filter((m) => wanted[m] !== book);
      const mean = (of: Float64Array): number =>
        others.reduce((sum, m) => sum + of[m], 0) / Math.max(1, others.length);
      const question = {
        book,
        interest: known.interest[n],
        before: Math.sqrt(mean(now)),
        after: Math.sqrt(mean(then)),
      };
      if (best === null || gainOf(question) > gainOf(best)) best = question;
    }
    return best;
  }

  similar(book: number, count: number): SimilarBook[] | null {
    return similarBooks(this.model.interest, book, count);
  }

  private predictionOf(book: number): Prediction {
    const { levelMap } = this.model;
    const { mean, varReader, varBook, varNoise } = this.fold.predict(book);
    const variance = varReader + varBook + varNoise;
    const levels = new Float64Array(this.levels.length);
    levelProbabilities(levelMap, mean, variance, levels, 0);
    const sd = ratingSd(levelMap, levels, 0);
    const table = repairTable(levelMap, this.fold.known(book), sd);
    // causes keep their shares of the latent variance
    const unit = (sd * sd) / variance;
    return {
      mean: expectedRating(levelMap, levels, 0, mean),
      varReader: unit * varReader,
      varBook: unit * varBook,
      varNoise: unit * varNoise,
      levels,
      quantile: (p) => ratingQuantile(levelMap, levels, 0, table, p),
      atLeast: (t) => probabilityAtLeast(levelMap, levels, 0, t),
    };
  }
}

/** Variance that the answer removes, by the chance that there is one. */
function gainOf({ interest, before, after }: Question): number {
  return interest * (before * before - after * after);
}
