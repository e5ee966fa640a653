import { foldInAnswerSchema } from '../../src/contracts/http-fold-in.ts';
import { type Random, seededRandom } from '../../src/model/random.ts';
import type { Recommender } from '../../src/model/recommender.ts';
import { CATALOGUE_BLOB } from '../../src/store/catalogue-codec.ts';
import { MODEL_BLOB, versionCodec } from '../../src/store/model-codec.ts';
import { openStore } from '../../src/store/open-store.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { type ApiProcess, startApiProcess } from './bookrec-process.ts';
import { type Figure, type Part, atMost, number, percentile } from './part.ts';
import { blobOf, liveManifest } from './published.ts';

const LIMIT_MS = 10;
/** Of requests that come at a steady rate, whether or not those before them are answered. */
const STEADY_LIMIT_MS = 15;
const STEADY_RATE = 100;
const RATINGS = 20;
const TOP_K = 10;
/** Readers that come first and are not counted, while the code is compiled. */
const WARM_UP = 100;
const COMMAND = 'node_modules/.bin/node hack/bench.ts --only fold-in';

/** Ratings of one made-up reader. */
interface Rated {
  readonly books: readonly number[];
  readonly values: readonly number[];
}

/** Folds in readers with random ratings: in this process, and by the API over HTTP. */
export async function foldInPart(url: string, quick: boolean): Promise<Part> {
  const store = await openStore(url);
  try {
    const { version, counts } = await liveManifest(store);
    const catalogue = versionCodec.catalogue(await blobOf(store, version, CATALOGUE_BLOB));
    const recommender = versionCodec.model(await blobOf(store, version, MODEL_BLOB));
    const readers = randomReaders(recommender, catalogue.ids.length, quick ? 50 : 2000);
    const what = `fold-in of ${RATINGS} ratings and top ${TOP_K} of ${number(counts.listedBooks)} books, 99th percentile`;
    const inProcess = timeInProcess(recommender, readers);
    const bodies = readers.map((reader) => bodyOf(reader, catalogue.ids));
    await using api = await startApiProcess(url);
    const overHttp = await timeOverHttp(api, bodies);
    const steady = await timeSteady(api, bodies.slice(WARM_UP));
    return {
      title: 'Fold-in',
      figures: [
        figureOf(`${what}, in process`, inProcess, LIMIT_MS),
        figureOf(`${what}, over HTTP (\`POST /recommend\`)`, overHttp, LIMIT_MS),
        figureOf(
          `${what}, over HTTP at a steady ${STEADY_RATE} requests/s`,
          steady,
          STEADY_LIMIT_MS,
        ),
      ],
      notes: [
        `${number(readers.length - WARM_UP)} readers, one after the other, each with ${RATINGS} books drawn from all ${number(catalogue.ids.length)} of the model and random ratings, after ${WARM_UP} others that are not counted. At the steady rate a request is sent when its time has come, however many are under way, and its time counts from then.`,
      ],
      details: [],
    };
  } finally {
    await store.close();
  }
}

function figureOf(what: string, milliseconds: readonly number[], limit: number): Figure {
  const note = [
    `median ${number(percentile(milliseconds, 0.5), 2)} ms`,
    `slowest ${number(Math.max(...milliseconds), 2)} ms`,
  ].join(', ');
  const value = percentile(milliseconds, 0.99);
  return atMost({ what, command: COMMAND, value, limit, digits: 2, unit: ' ms', note });
}

function randomReaders({ levels }: Recommender, books: number, count: number): Rated[] {
  const random = seededRandom(1);
  return Array.from({ length: WARM_UP + count }, () => ({
    books: distinct(random, books),
    values: Array.from({ length: RATINGS }, () => levels[below(random, levels.length)] ?? 0),
  }));
}

const below = (random: Random, end: number): number => Math.floor(random() * end);

function distinct(random: Random, end: number): number[] {
  const drawn = new Set<number>();
  while (drawn.size < Math.min(RATINGS, end)) drawn.add(below(random, end));
  return [...drawn];
}

function timeInProcess(recommender: Recommender, readers: readonly Rated[]): number[] {
  const milliseconds = readers.map(({ books, values }) => {
    const reader = {
      labels: new Uint32Array(),
      ratedBook: Uint32Array.from(books),
      ratedValue: values,
      unratedBook: new Uint32Array(),
    };
    const started = performance.now();
    const list = recommender.recommend(reader, TOP_K);
    const ended = performance.now();
    if (list.book.length !== TOP_K) throw new Error(`fold-in gave ${list.book.length} books`);
    return ended - started;
  });
  return milliseconds.slice(WARM_UP);
}

function bodyOf({ books, values }: Rated, ids: readonly string[]): string {
  const ratings = books.map((book, n) => ({ isbn: ids[book] ?? '', rating: values[n] ?? 0 }));
  return JSON.stringify({ ratings, top_k: TOP_K });
}

/** An answer, not yet looked at: that takes time of those under way. */
interface Timed {
  readonly milliseconds: number;
  readonly text: string;
}

async function timeOverHttp({ url }: ApiProcess, bodies: readonly string[]): Promise<number[]> {
  const answers: Timed[] = [];
  for (const body of bodies) {
    const started = performance.now();
    const text = await post(`${url}/recommend`, body);
    answers.push({ milliseconds: performance.now() - started, text });
  }
  return checked(answers).slice(WARM_UP);
}

/** Each request counts from the moment when it was to be sent, so that one that is held up shows in those behind it. */
async function timeSteady({ url }: ApiProcess, bodies: readonly string[]): Promise<number[]> {
  const start = performance.now();
  const answers = bodies.map(async (body, n): Promise<Timed> => {
    const due = start + (n * 1000) / STEADY_RATE;
    await pause(Math.max(0, due - performance.now()));
    const text = await post(`${url}/recommend`, body);
    return { milliseconds: performance.now() - due, text };
  });
  return checked(await Promise.all(answers));
}

async function post(url: string, body: string): Promise<string> {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return text;
}

/** Times of answers, each of which must be the list that was asked for. */
function checked(answers: readonly Timed[]): number[] {
  return answers.map(({ milliseconds, text }) => {
    const { recommendations, unknown_isbns } = foldInAnswerSchema.parse(JSON.parse(text));
    if (recommendations.length !== TOP_K || unknown_isbns.length > 0) {
      throw new Error(`the API answered with another list than asked for: ${text}`);
    }
    return milliseconds;
  });
}
