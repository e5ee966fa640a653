import { buildLabelSpace } from '../../src/model/label-space.ts';
import type { FeatureFamily } from '../../src/model/data.ts';
import { NO_DIRECTIONS } from '../../src/model/directions.ts';
import { normalDraw, seededRandom } from '../../src/model/random.ts';
import type { Random } from '../../src/model/random.ts';
import { countingOrder, countingStarts } from '../../src/model/rating-matrix.ts';
import { sharedFloats, sharedInts } from '../../src/model/shared-array.ts';
import type { TrainingData } from '../../src/batch/train/model-state.ts';

/** How large the made-up ratings are. */
export interface SyntheticSize {
  readonly readers: number;
  readonly books: number;
  readonly ratings: number;
  /** Whether readers and books have labels, whose effects are in their biases and factors. */
  readonly sideInformation: boolean;
}

/** Factors of the made-up taste. */
const RANK = 8;
/** Degrees fall with the rank of a reader or book as (rank + 20)^-power. */
const READER_POWER = 0.6;
const BOOK_POWER = 0.9;
const FLATTENED = 20;
/** Standard deviations of biases, factors and noise on a scale of 0.5 to 5. */
const BIAS_SD = 0.4;
const FACTOR_SD = 0.55;
const NOISE_SD = 0.75;

/**
 * Made-up ratings in half steps from 0.5 to 5 with power-law degrees on both sides, straight into the trainer's columns:
 * a reader's books are drawn by popularity, each at most once; the value is bias, bias, taste and noise. Seeded.
 */
export function syntheticTraining(size: SyntheticSize, seed = 1): TrainingData {
  const random = seededRandom(seed);
  const { readers, books } = size;
  const families = {
    reader: size.sideInformation
      ? [family(random, 'age', readers, 8), family(random, 'country', readers, 60)]
      : [],
    book: size.sideInformation
      ? [
          family(random, 'author', books, books >> 2),
          family(random, 'publisher', books, 2000),
          family(random, 'years5', books, 20),
        ]
      : [],
  };
  const readerLabels = buildLabelSpace(readers, families.reader);
  const bookLabels = buildLabelSpace(books, families.book);
  const taste = entities(random, readers, families.reader);
  const kind = entities(random, books, families.book);
  const readerStart = degrees(random, size);
  const total = readerStart[readers];
  const reader = sharedInts(total);
  const book = sharedInts(total);
  const value = sharedFloats(total);
  const popular = new PopularBooks(random, books);
  for (let u = 0; u < readers; u++) {
    for (let slot = readerStart[u]; slot < readerStart[u + 1]; slot++) {
      const i = popular.draw(u);
      reader[slot] = u;
      book[slot] = i;
      value[slot] = level(rating(taste, kind, u, i) + NOISE_SD * normalDraw(random));
    }
  }
  const bookStart = countingStarts(book, books);
  const bookSlot = countingOrder(book, bookStart);
  return {
    matrix: { readers, books, size: total, readerStart, reader, book, value, bookStart, bookSlot },
    readerLabels,
    bookLabels,
    effectLabels: buildLabelSpace(books, []),
    directions: NO_DIRECTIONS,
    edges: null,
  };
}

/** One random label for each entity, labels by power law. */
function family(random: Random, name: string, entities: number, labels: number): FeatureFamily {
  return {
    name,
    labels: Array.from({ length: labels }, (_, g) => `${g}`),
    offsets: Int32Array.from({ length: entities + 1 }, (_, n) => n),
    indices: Int32Array.from({ length: entities }, () => Math.floor(labels * random() ** 2)),
  };
}

/** Bias and factors of all entities, RANK + 1 numbers each, a third of their variance from their labels. */
function entities(random: Random, count: number, families: readonly FeatureFamily[]): Float32Array {
  const width = RANK + 1;
  const own = families.length === 0 ? 1 : Math.sqrt(2 / 3);
  const shared = Math.sqrt(1 / 3 / Math.max(1, families.length));
  const sd = (at: number): number => (at % width === 0 ? BIAS_SD : FACTOR_SD);
  const numbers = Float32Array.from(
    { length: count * width },
    (_, at) => own * sd(at) * normalDraw(random),
  );
  for (const { labels, indices } of families) {
    const effect = Float32Array.from(
      { length: labels.length * width },
      (_, at) => shared * sd(at) * normalDraw(random),
    );
    for (let n = 0; n < count; n++) {
      for (let k = 0; k < width; k++) numbers[n * width + k] += effect[indices[n] * width + k];
    }
  }
  return numbers;
}

function rating(taste: Float32Array, kind: Float32Array, u: number, i: number): number {
  const [z, w] = [u * (RANK + 1), i * (RANK + 1)];
  let sum = 3.5 + taste[z] + kind[w];
  for (let k = 1; k <= RANK; k++) sum += taste[z + k] * kind[w + k];
  return sum;
}

function level(value: number): number {
  return Math.min(5, Math.max(0.5, Math.round(2 * value) / 2));
}

/** Starts of the readers' ratings, whose numbers follow a power law in random order. */
function degrees(random: Random, { readers, books, ratings }: SyntheticSize): Int32Array {
  const weight = shuffled(random, readers).map((rank) => (rank + FLATTENED) ** -READER_POWER);
  let sum = 0;
  for (const w of weight) sum += w;
  const start = sharedInts(readers + 1);
  for (let u = 0, carried = 0; u < readers; u++) {
    carried += (weight[u] / sum) * ratings;
    const count = Math.min(Math.floor(carried), books >> 2);
    carried -= count;
    start[u + 1] = start[u] + count;
  }
  return start;
}

function shuffled(random: Random, count: number): Float64Array {
  const order = Float64Array.from({ length: count }, (_, n) => n);
  for (let n = count - 1; n > 0; n--) {
    const m = Math.floor(random() * (n + 1));
    [order[n], order[m]] = [order[m], order[n]];
  }
  return order;
}

/** Draws books by a power law, by a search in the cumulated weights that starts where a table says. */
class PopularBooks {
  private readonly random: Random;
  private readonly byRank: Float64Array;
  private readonly upTo: Float64Array;
  private readonly guide: Int32Array;
  private readonly lastReader: Int32Array;

  constructor(random: Random, books: number) {
    this.random = random;
    this.byRank = shuffled(random, books);
    this.upTo = new Float64Array(books);
    let sum = 0;
    for (let n = 0; n < books; n++) {
      sum += (n + FLATTENED) ** -BOOK_POWER;
      this.upTo[n] = sum;
    }
    this.guide = new Int32Array(books);
    for (let g = 0, n = 0; g < books; g++) {
      while (this.upTo[n] < (g / books) * sum) n++;
      this.guide[g] = n;
    }
    this.lastReader = new Int32Array(books).fill(-1);
  }

  /** A book that reader u was not given yet. */
  draw(u: number): number {
    const { upTo, guide, lastReader, byRank } = this;
    const sum = upTo[upTo.length - 1];
    for (;;) {
      const x = this.random();
      let n = guide[Math.floor(x * guide.length)];
      while (upTo[n] < x * sum) n++;
      const i = byRank[n];
      if (lastReader[i] === u) continue;
      lastReader[i] = u;
      return i;
    }
  }
}
