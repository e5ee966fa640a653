import { describe, expect, it } from 'vitest';
import { randomInput, randomModel } from '../../testing/random-model.ts';
import { seededRandom } from '../random.ts';
import { candidateNumbers, drawCandidates, interestBasis, learnWeights } from './learn-interest.ts';
import { signalNames } from './interest-model.ts';
import { Signals } from './signals.ts';
import { tieFactors } from './ties.ts';

const BOOKS = 120;
const random = seededRandom(11);
const model = randomModel(random, 1, BOOKS);
const { interest, listed } = model;
const { labels } = model.books;
const names = signalNames(labels.families);

describe('signals', () => {
  const signals = new Signals(interest, labels, listed);
  const input = randomInput(random, BOOKS, 7, 4);
  const history = [...input.ratedBook, ...input.unratedBook];
  signals.open(input.ratedBook, input.unratedBook);
  const factor = tieFactors(interest.popularity, interest.exponent);
  const of = (book: number, rating = 0): Float64Array => {
    const out = new Float64Array(signals.width);
    signals.write(book, rating, out, 0);
    return out;
  };
  const tieSum = (j: number): number => {
    let sum = 0;
    for (const i of history) {
      for (let t = interest.ties.start[i]; t < interest.ties.start[i + 1]; t++) {
        if (interest.ties.book[t] === j) sum += interest.ties.strength[t] * factor[i] * factor[j];
      }
    }
    return sum;
  };

  it('have the names of the model', () => {
    expect(signals.width).toBe(names.length);
  });

  it('are of listed books that were not met, each once', () => {
    const candidates = Array.from(signals.candidate.subarray(0, signals.size));
    const want = Array.from(listed.keys()).filter((j) => listed[j] === 1 && !history.includes(j));
    expect(candidates.sort((a, b) => a - b)).toEqual(want);
  });

  it('grow with the ties to the history, and say nothing of untied books', () => {
    const floor = of(signals.candidate.find((j) => tieSum(j) === 0) ?? NaN)[0];
    for (let n = 0; n < signals.size; n++) {
      const j = signals.candidate[n];
      expect(signals.isTied(j)).toBe(tieSum(j) > 0);
      expect(of(j)[0]).toBeCloseTo(Math.log(Math.exp(floor) + tieSum(j)), 6);
    }
  });

  it('are the shrunk log ratio of the share of a label with the reader and with all', () => {
    const family = 0;
    const total = interest.popularity.reduce((a, b) => a + b, 0) + 1;
    for (let n = 0; n < signals.size; n++) {
      const j = signals.candidate[n];
      const own = Array.from(labels.label.subarray(labels.start[j], labels.start[j + 1])).filter(
        (g) => labels.familyOf[g] === family,
      );
      const mean = own.reduce((sum, g) => {
        const part = (i: number): number => {
          const all = Array.from(labels.label.subarray(labels.start[i], labels.start[i + 1]));
          const size = all.filter((label) => labels.familyOf[label] === family).length;
          return all.includes(g) ? 1 / size : 0;
        };
        const met = history.reduce((s, i) => s + part(i), 0);
        const share = (1 + interest.popularity.reduce((s, pop, i) => s + pop * part(i), 0)) / total;
        const ratio = (met + 5 * share) / ((history.length + 5) * share);
        return sum + Math.log(ratio) / own.length;
      }, 0);
      expect(of(j)[1 + family]).toBeCloseTo(mean, 6);
    }
  });

  it('add up to the log odds', () => {
    const weight = Float64Array.from({ length: signals.width + 1 }, (_, a) => a - 3);
    signals.weigh(weight);
    for (let n = 0; n < signals.size; n++) {
      const j = signals.candidate[n];
      const sum = of(j).reduce((s, x, a) => s + weight[a] * x, weight[signals.width]);
      expect(signals.logit[n]).toBeCloseTo(sum, 9);
    }
  });

  it('forget the reader before', () => {
    const other = randomInput(seededRandom(3), BOOKS, 30, 0);
    const before = of(5, 1.5);
    signals.open(other.ratedBook, other.unratedBook);
    expect(of(5, 1.5)).not.toEqual(before);
    signals.open(input.ratedBook, input.unratedBook);
    expect(of(5, 1.5)).toEqual(before);
  });
});

describe('what signals count', () => {
  /** Readers of two kinds; each picks up books of its own half, so co-reading tells all and ratings nothing. */
  const readers = 400;
  const books = Array.from({ length: readers }, (_, u) => {
    const own = new Set<number>();
    while (own.size < 9) own.add((u % 2) * 60 + Math.floor(random() * 60));
    return [...own];
  });
  const histories = {
    start: Int32Array.from({ length: readers + 1 }, (_, u) => 8 * u),
    book: Int32Array.from(books.flatMap((own) => own.slice(0, 8))),
  };
  const task = {
    histories,
    pickedUp: {
      readers: Int32Array.from({ length: readers }, (_, u) => u),
      books: books.map((own) => Int32Array.from(own.slice(8))),
    },
    labels,
    listed: new Uint8Array(BOOKS).fill(1),
    seed: 1,
  };
  const learned = (rating: () => number) =>
    learnWeights(drawCandidates(task), { open: () => undefined, of: rating });

  it('is learned from hidden books: here co-reading, and not the rating', () => {
    const { weights } = learned(() => random() - 0.5);
    const sd = (a: number): number => Math.sqrt(weights.cov[a * (names.length + 2)]);
    const rating = names.indexOf('rating');
    expect(weights.mean[0]).toBeGreaterThan(5 * sd(0));
    expect(Math.abs(weights.mean[rating])).toBeLessThan(4 * sd(rating));
  });

  it('takes the ratings of one reader after the other into the last signal, and has room for them', () => {
    const candidates = drawCandidates(task);
    const opened: number[] = [];
    const rating = (book: number): number => (opened.at(-1) ?? NaN) / readers + book;
    learnWeights(candidates, { open: (reader) => opened.push(reader), of: rating });
    expect(opened).toEqual([...task.pickedUp.readers]);
    const { width, signal, weight, outcome } = candidates.rows;
    const last = Float64Array.from(candidates.book, (_, n) => signal[n * width + width - 1]);
    expect(last).toEqual(
      Float64Array.from(candidates.book, (book, n) => candidates.reader[n] / readers + book),
    );
    const arrays = [signal, weight, outcome, candidates.reader, candidates.book];
    const bytes = arrays.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    expect(bytes).toBeLessThanOrEqual(8 * candidateNumbers(labels.families, readers, readers));
    expect(bytes).toBeGreaterThan(7 * candidateNumbers(labels.families, readers, readers));
  });

  it('repeats itself for a seed, and the basis holds no reader', () => {
    expect(learned(() => 0)).toEqual(learned(() => 0));
    const basis = interestBasis(histories, task.listed, 0.4);
    expect(basis.popularity.reduce((a, b) => a + b, 0)).toBe(8 * readers);
  });
});
