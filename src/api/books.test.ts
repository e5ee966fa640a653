import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, apiUnderTest, seen } from '../testing/api-under-test.ts';
import { publishSample, SAMPLE_ISBNS, sampleCounts } from '../testing/sample-version.ts';

let api: ApiUnderTest;

beforeEach(async () => {
  api = await apiUnderTest();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

async function publish(
  version = 'v1',
  counts: ReturnType<typeof sampleCounts> | null = sampleCounts(),
) {
  await publishSample(api.switched.store, version, ['8'], undefined, { counts });
  await api.live.poll();
}

const get = (url: string): request.Test => request(api.listener).get(url);

interface Page {
  readonly books: ReadonlyArray<{ readonly isbn: string }>;
  readonly total: number;
  readonly next: string | null;
}

async function page(query: string): Promise<Page> {
  const { body } = await seen(get(`/books?${query}`).expect(200));
  return body as Page;
}

const isbnsOf = ({ books }: Page): string[] => books.map(({ isbn }) => isbn);
const [MYTHOLOGY, CALLAN, NORMANDY, FLU, UNLISTED] = SAMPLE_ISBNS;

describe('GET /books', () => {
  it('answers with what is known of each book', async () => {
    await publish();
    const { body, headers } = await seen(get('/books?limit=1').expect(200));
    expect(headers['cache-control']).toMatch(/max-age/);
    expect(body).toEqual({
      books: [
        {
          isbn: MYTHOLOGY,
          title: 'Classical Mythology',
          author: 'Mark P. O. Morford',
          year: 2002,
          ratings: 4,
          predicted_rating: 8.5,
          // 8.5 - 1.96 * 0.5
          lower_bound: 7.52,
        },
      ],
      total: 4,
      next: expect.any(String) as string,
      model_version: 'v1',
    });
  });

  it.each([
    { sort: 'title', want: [CALLAN, MYTHOLOGY, NORMANDY, FLU] },
    { sort: 'year', want: [MYTHOLOGY, CALLAN, NORMANDY, FLU] },
    { sort: 'ratings', want: [CALLAN, MYTHOLOGY, NORMANDY, FLU] },
    { sort: 'predicted', want: [MYTHOLOGY, CALLAN, NORMANDY, FLU] },
    { sort: 'lower_bound', want: [MYTHOLOGY, CALLAN, NORMANDY, FLU] },
    // Of the 37 ratings of listed books it holds 30.
    { sort: 'popular', want: [CALLAN] },
  ])('sorts by $sort', async ({ sort, want }) => {
    await publish();
    expect(isbnsOf(await page(`sort=${sort}`))).toEqual(want);
  });

  it('ranks what trends by lower bound, where the data carry times', async () => {
    await publish('v1', { ...sampleCounts(), recent: Float32Array.of(0.1, 0.1, 5, 5, 9) });
    expect(isbnsOf(await page('sort=trending'))).toEqual([NORMANDY, FLU]);
    await publish('v2', { ...sampleCounts(), recent: Float32Array.of(5, 0.1, 5, 5, 9) });
    expect(isbnsOf(await page('sort=trending'))).toEqual([MYTHOLOGY, NORMANDY]);
  });

  it('says why it cannot tell what trends or is popular', async () => {
    await publish();
    const untimed = await seen(get('/books?sort=trending').expect(400));
    expect(untimed.body).toMatchObject({ errors: [{ path: 'sort' }] });
    expect(untimed.text).toContain('no times');
    await publish('v2', null);
    const uncounted = await seen(get('/books?sort=popular').expect(400));
    expect(uncounted.text).toContain('without counts');
    expect(await page('')).toMatchObject({ books: [{ ratings: null }, {}, {}, {}] });
  });

  it('gives every book once over all pages', async () => {
    await publish();
    for (const sort of ['title', 'year', 'lower_bound']) {
      const found: string[] = [];
      for (let cursor = ''; ;) {
        const part = await page(`sort=${sort}&limit=3${cursor}`);
        found.push(...isbnsOf(part));
        if (part.next === null) break;
        cursor = `&cursor=${part.next}`;
      }
      expect(found.toSorted()).toEqual([MYTHOLOGY, CALLAN, NORMANDY, FLU].toSorted());
    }
  });

  it('refuses a cursor of a version that is gone, another order, and what is none', async () => {
    await publish();
    const { next } = await page('limit=1');
    const other = await get(`/books?sort=title&cursor=${String(next)}`).expect(400);
    expect(other.body).toMatchObject({ errors: [{ path: 'cursor' }] });
    for (const cursor of ['x', '', 'W10', 'WyJ2MSIsInRpdGxlIiwtMV0']) {
      await get(`/books?sort=title&cursor=${cursor}`).expect(400);
    }
    await publish('v2');
    const { body: second } = await seen(get(`/books?limit=1&cursor=${String(next)}`).expect(200));
    expect(second).toMatchObject({ model_version: 'v1' });
    await api.switched.store.deleteVersion('v1');
    api.clock.advance(121);
    await api.live.poll();
    const { body } = await seen(get(`/books?limit=2&cursor=${String(next)}`).expect(410));
    expect(body).toMatchObject({ code: 'CURSOR_EXPIRED', status: 410 });
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'sort=rating', 'page=2', 'sort=title&sort=year'])(
    'refuses ?%s',
    async (query) => {
      await publish();
      const { body } = await seen(get(`/books?${query}`).expect(400));
      expect(body).toMatchObject({ code: 'BAD_REQUEST' });
    },
  );

  it('answers 304 while the version is live, and goes on while the store is away', async () => {
    await publish();
    const { headers } = await seen(get('/books').expect(200));
    await get('/books')
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(304);
    api.switched.away = true;
    await api.live.poll();
    await get('/books?sort=title').expect(200);
  });

  it('says before the first training what to do', async () => {
    await api.live.poll();
    await get('/books').expect(503);
    await get('/books/search?q=x').expect(503);
    await get('/books/x').expect(503);
  });
});

describe('GET /books/{isbn}', () => {
  it('answers with ratings, expectation and intervals', async () => {
    await publish();
    const { body } = await seen(get('/books/0-00-200501-8').expect(200));
    expect(body).toEqual({
      isbn: CALLAN,
      title: 'Clara "C" Callan',
      author: 'Richard Bruce Wright',
      publisher: 'HarperFlamingo',
      year: 2001,
      listed: true,
      ratings: 30,
      rating_distribution: Array.from({ length: 10 }, (_, l) => ({
        rating: l + 1,
        count: l === 7 ? 30 : 0,
      })),
      predicted_rating: 8.25,
      mean_interval: [7.27, 9.23],
      lower_bound: 7.27,
      uncertainty: 1.5,
      uncertainty_parts: { reader: 1, book: 0.5, noise: 1 },
      confidence_interval: [6.35, 10.15],
      links: { self: `/books/${String(CALLAN)}`, similar: `/books/${String(CALLAN)}/similar` },
      model_version: 'v1',
    });
  });

  it('names books that its readers have met too, with how sure that is', async () => {
    await publish();
    const { body } = await seen(get(`/books/${String(CALLAN)}/similar?limit=1`).expect(200));
    expect(body).toMatchObject({
      isbn: CALLAN,
      books: [
        {
          isbn: SAMPLE_ISBNS[0],
          readers_in_common: 9,
          similarity: 0.3,
          confidence_interval: [0.2, 0.4],
        },
      ],
    });
    await seen(get('/books/unknown/similar').expect(404));
  });

  it('knows books without an entry in the catalogue, and says so', async () => {
    await publish();
    const { body } = await seen(get(`/books/${String(UNLISTED)}`).expect(200));
    expect(body).toMatchObject({ listed: false, title: '', ratings: 63, year: null });
  });

  it('leaves counts out that the version has not', async () => {
    await publish('v1', null);
    const { body } = await seen(get(`/books/${String(CALLAN)}`).expect(200));
    expect(body).toMatchObject({ ratings: null, rating_distribution: null });
  });

  it('answers 304 for any spelling, 404 for what nobody knows', async () => {
    await publish();
    const { headers } = await seen(get(`/books/${String(CALLAN)}`).expect(200));
    await get('/books/978-0-00-200501-2')
      .set('If-None-Match', headers['etag'] ?? '')
      .expect(304);
    const { body } = await seen(get('/books/nothing').expect(404));
    expect(body).toMatchObject({ code: 'NOT_FOUND' });
    await get(`/books/${String(CALLAN)}?x=1`).expect(400);
    await request(api.listener)
      .delete(`/books/${String(CALLAN)}`)
      .expect(405);
  });
});

describe('search', () => {
  const found = async (answer: PromiseLike<unknown>): Promise<string[]> =>
    isbnsOf(((await answer) as { body: Page }).body);
  const search = (q: string): request.Test => get(`/books/search?q=${encodeURIComponent(q)}`);
  const post = (body: object): request.Test =>
    request(api.listener).post('/books/search').send(body);

  it('answers alike to GET, which caches may keep, and POST, which they may not', async () => {
    await publish();
    const byGet = await seen(search('clara').expect(200));
    const byPost = await seen(post({ q: 'clara' }).expect(200));
    expect(byPost.body).toEqual(byGet.body);
    expect(byGet.body).toMatchObject({
      q: 'clara',
      books: [{ isbn: CALLAN, ratings: 30, predicted_rating: 8.25 }],
      model_version: 'v1',
    });
    expect(byPost.headers['cache-control']).toBe('no-store');
    await search('clara')
      .set('If-None-Match', byGet.headers['etag'] ?? '')
      .expect(304);
  });

  it('finds a book by any spelling of its ISBN, first of all', async () => {
    await publish();
    for (const q of ['0-00-200501-8', '9780002005012', '978-0-00-200501-2', '000200501']) {
      expect((await found(search(q)))[0]).toBe(CALLAN);
    }
  });

  it.each([
    { name: 'nothing asked', query: '' },
    { name: 'too long a question', query: `q=${'x'.repeat(201)}` },
    { name: 'too many books', query: 'q=x&limit=51' },
    { name: 'an unknown parameter', query: 'q=x&fuzzy=1' },
    { name: 'two questions', query: 'q=x&q=y' },
  ])('refuses $name', async ({ query }) => {
    await publish();
    await get(`/books/search?${query}`).expect(400);
  });

  it.each([
    {},
    { q: 5 },
    { q: 'x', limit: 0 },
    { q: 'x', limit: '5' },
    { q: 'x', fuzzy: true },
    [],
  ])('refuses the body %j', async (body) => {
    await publish();
    await post(body).expect(400);
  });

  it('answers any question', async () => {
    await publish();
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.stringMatching(/^[\\^$.|?*+()[\]{}\-'"a0 ]{0,200}$/),
      fc.constantFrom('__proto__', 'constructor', 'hasOwnProperty', '\u0000', '\ud800', ' '),
      fc.integer({ min: 1, max: 200 }).map((length) => 'a'.repeat(length)),
    );
    const server = createServer(api.listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A server that listens on a TCP port has an address of this kind.
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${String(port)}/books/search`;
    const property = fc.asyncProperty(hostile, async (text) => {
      const q = text.slice(0, 200);
      const byGet = await fetch(`${url}?${new URLSearchParams({ q }).toString()}`);
      expect(byGet.status).toBe(200);
      const byPost = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ q }),
      });
      expect(await byPost.json()).toMatchObject({ q, model_version: 'v1' });
      expect(byPost.status).toBe(200);
    });
    try {
      await fc.assert(property, { numRuns: 100 });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
