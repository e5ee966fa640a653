/**
 * Makes the lists of all readers of a made-up library, spreads and all, on all cores, and prints how long it took:
 *
 *     --readers N   160,000 if left out
 *     --books N     60,000
 *     --rank K      16
 *     --length N    books of a list, 50
 */
import { parseArgs } from 'node:util';
import { allRecords } from '../../src/batch/recommend/list-pool.ts';
import type { ReaderInputs } from '../../src/batch/recommend/reader-inputs.ts';
import type { TrainingData } from '../../src/batch/train/model-state.ts';
import { packedSize } from '../../src/model/cholesky.ts';
import { signalNames } from '../../src/model/interest/interest-model.ts';
import { interestBasis } from '../../src/model/interest/learn-interest.ts';
import { plainLevelMap, plainScale } from '../../src/model/level-map.ts';
import { normalDraw, seededRandom } from '../../src/model/random.ts';
import { DEFAULT_CHOICE } from '../../src/model/recommender.ts';
import type { TrainedModel } from '../../src/model/trained-model.ts';
import { encodeModel } from '../../src/store/model-codec.ts';
import { randomDirections } from '../../src/testing/random-reader.ts';
import { syntheticTraining } from './synthetic.ts';

/** Ratings of a reader, on average. */
const RATINGS = 10;
const EXPONENT = 0.4;
/** Standard deviation of a book's factors, and of what is not known of a book. */
const FACTOR_SD = 0.3;
const BOOK_SD = 0.2;

const { values } = parseArgs({
  options: {
    readers: { type: 'string', default: '160000' },
    books: { type: 'string', default: '60000' },
    rank: { type: 'string', default: '16' },
    length: { type: 'string', default: '50' },
  },
});
const [readers, books, rank, listLength] = [
  values.readers,
  values.books,
  values.rank,
  values.length,
].map(Number);

/** A model that nobody trained, of the size and shape of a trained one; the ties are those of the made-up ratings. */
function madeUpModel({ matrix, bookLabels }: TrainingData): TrainedModel {
  const random = seededRandom(2);
  const dim = rank + 1;
  const packed = packedSize(dim);
  const identity = new Float64Array(dim * dim);
  for (let d = 0; d < dim; d++) identity[d * (dim + 1)] = 1;
  const cov = new Float64Array(books * packed);
  for (let n = 0; n < books; n++) {
    for (let d = 0, t = n * packed; d < dim; t += ++d + 1) cov[t] = BOOK_SD ** 2;
  }
  const signals = signalNames(bookLabels.families).length;
  const weightCov = new Float64Array((signals + 1) ** 2);
  for (let a = 0; a <= signals; a++) weightCov[a * (signals + 2)] = 1e-4;
  const histories = { start: matrix.readerStart, book: matrix.book };
  const listed = new Uint8Array(books).fill(1);
  const { label, start } = bookLabels;
  return {
    dim,
    offset: 3.5,
    tau: 1.5,
    readerShape: 8,
    readerPrior: {
      families: [],
      intercept: new Float64Array(dim),
      effect: new Float64Array(0),
      precision: identity.map((one) => 4 * one),
    },
    books: {
      dim,
      mean: Float64Array.from({ length: books * dim }, () => FACTOR_SD * normalDraw(random)),
      cov,
      precision: new Float64Array(books).fill(1),
      labels: bookLabels,
      effectVar: new Float64Array(bookLabels.families.length + 1).fill(0.05),
      directions: randomDirections(random, books, 8),
    },
    bookNoise: new Float64Array(books).fill(1),
    bookRatings: new Int32Array(books),
    levelMap: plainLevelMap(plainScale(Float64Array.from({ length: 10 }, (_, l) => (l + 1) / 2))),
    listed,
    interest: {
      ...interestBasis(histories, listed, EXPONENT),
      weights: {
        mean: Float64Array.from({ length: signals + 1 }, (_, a) => (a < signals ? 0.3 : -7)),
        cov: weightCov,
      },
      centre: new Float64Array(signals),
      works: {
        // the first family of labels are the authors
        author: Int32Array.from({ length: books }, (_, n) => label[start[n]]),
        edition: Int32Array.from({ length: books }, (_, n) => n),
      },
    },
  };
}

function inputsOf({ matrix }: TrainingData): ReaderInputs {
  const none = new Int32Array(new SharedArrayBuffer((readers + 1) * Int32Array.BYTES_PER_ELEMENT));
  return {
    count: readers,
    ratedStart: matrix.readerStart,
    ratedBook: new Uint32Array(matrix.book.buffer),
    ratedValue: matrix.value,
    unratedStart: none,
    unratedBook: new Uint32Array(0),
    labelStart: none,
    label: new Uint32Array(0),
  };
}

const size = { readers, books, ratings: RATINGS * readers, sideInformation: true };
const data = syntheticTraining(size);
const job = {
  model: encodeModel(madeUpModel(data)),
  inputs: inputsOf(data),
  readers: Int32Array.from({ length: readers }, (_, u) => u),
  choices: [DEFAULT_CHOICE],
  listLength,
};
const began = performance.now();
const cpuBefore = process.cpuUsage();
let lists = 0;
let bytes = 0;
for await (const { records } of allRecords(job, new AbortController().signal)) {
  lists += records.length;
  for (const record of records) bytes += record.length;
}
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const cpuSeconds = (user + system) / 1e6;
const peakMiB = process.resourceUsage().maxRSS / 1024;
process.stdout.write(
  `${JSON.stringify({ lists, books, rank, seconds, cpuSeconds, bytes, peakMiB })}\n`,
);
