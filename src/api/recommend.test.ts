import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiUnderTest, apiUnderTest, seen } from '../testing/api-under-test.ts';
import { recommendAnswerSchema } from '../contracts/http.ts';
import { foldInAnswerSchema } from '../contracts/http-fold-in.ts';
import { publishSample, SAMPLE_ISBNS } from '../testing/sample-version.ts';

const HOSTILE = ['a:b{c}', 'Zoë ☃', '../..', '%2F', 'a/b', '__proto__', 'x'.repeat(3000)];

let api: ApiUnderTest;

beforeEach(async () => {
  api = await apiUnderTest();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

async function publish(version: string, means?: readonly number[]): Promise<void> {
  await publishSample(api.switched.store, version, ['8', '9', ...HOSTILE], means);
  await api.live.poll();
}

/** The two ways in must answer alike. */
describe.each(['app', 'listener'] as const)('GET /recommend/{user_id} through the %s', (way) => {
  const get = (url: string): request.Test => request(api[way]).get(url);

  it('answers a known reader with the stored list, under the names that older clients read', async () => {
    await publish('v1');
    const { body, headers } = await seen(get('/recommend/8?top_k=2').expect(200));
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(body).toEqual({
      user_id: '8',
      recommendations: [
        {
          rank: 1,
          title: 'Classical Mythology',
          author: 'Mark P. O. Morford',
          year: 2002,
          isbn: '0195153448',
          predicted_rating: 8.5,
          uncertainty: 1.4361,
          confidence_interval: [5.5, 10],
          uncertainty_parts: { reader: 0.5, book: 0.5, noise: 1.25 },
          interest: 0.05,
          signal: 'readers',
          source: 'personal',
        },
        expect.objectContaining({ rank: 2, title: 'Clara "C" Callan', predicted_rating: 8.25 }),
      ],
      total_available: 3,
      source: 'personal',
      model_version: 'v1',
      next: expect.any(String) as string,
    });
  });

  const paged = async (query: string) => {
    const { body } = await seen(get(`/recommend/8?top_k=1${query}`).expect(200));
    const { recommendations, next, model_version, source } = recommendAnswerSchema.parse(body);
    const [{ rank, isbn, predicted_rating } = { rank: 0, isbn: '', predicted_rating: 0 }] =
      recommendations;
    return { cursor: `&cursor=${next ?? ''}`, rank, isbn, predicted_rating, model_version, source };
  };
  const say = (isbn: string) =>
    request(api.app)
      .post('/feedback')
      .send({ ratings: [{ user_id: '8', isbn, rating: 10 }] })
      .expect(200);
  const [FIRST = '', SECOND = '', THIRD = ''] = SAMPLE_ISBNS;

  it('pages through the list of one version, whatever goes live and whatever the reader says meanwhile', async () => {
    await publish('v1', [8, 7, 6, 5, 4]);
    const first = await paged('');
    for (const url of [
      `/recommend/9?top_k=1${first.cursor}`,
      `/recommend/8?min_year=1990${first.cursor}`,
    ]) {
      await seen(get(url).expect(400));
    }
    await publish('v2', [2, 3, 4, 5, 6]);
    const second = await paged(first.cursor);
    expect(second).toMatchObject({
      rank: 2,
      isbn: SECOND,
      predicted_rating: 7,
      model_version: 'v1',
    });
    await say(THIRD);
    const third = await paged(second.cursor);
    expect(third).toMatchObject({ rank: 3, isbn: THIRD, predicted_rating: 6, source: 'personal' });
    expect(third.cursor).toBe('&cursor=');
    // The first page is of the version that is live, with what was said; its pages are pinned in turn.
    const fresh = await paged('');
    expect(fresh).toMatchObject({ isbn: SECOND, model_version: 'v2', source: 'fold-in' });
    await say(FIRST);
    expect(await paged(fresh.cursor)).toMatchObject({ rank: 2, isbn: FIRST, model_version: 'v2' });
  });

  it('reads an earlier version again where it is not in memory, one at a time', async () => {
    const cursors: string[] = [];
    for (const version of ['v1', 'v2', 'v3']) {
      await publish(version);
      cursors.push((await paged('')).cursor);
    }
    const [v1 = '', v2 = ''] = cursors;
    expect(await paged(v2)).toMatchObject({ rank: 2, model_version: 'v2' });
    const busy = await get(`/recommend/8?top_k=1${v1}`).expect(503);
    expect(busy.body).toMatchObject({ code: 'OVERLOADED' });
    expect(busy.headers['retry-after']).toBe('5');
    api.clock.advance(5);
    expect(await paged(v1)).toMatchObject({ rank: 2, model_version: 'v1' });
    api.clock.advance(121);
    await api.live.poll();
    const reads = (): number => api.switched.calls.filter((name) => name === 'blob').length;
    const before = reads();
    // Other URLs, of which no answer is in memory.
    const again = [2, 3].map((topK) => get(`/recommend/8?top_k=${topK}${v1}`).expect(200));
    await Promise.all(again);
    expect(reads() - before).toBe(3);
  });

  it('ends the pages with the version and with the reader, and waits for the store', async () => {
    await publish('v1');
    const { cursor } = await paged('');
    await publish('v2');
    api.switched.away = true;
    const away = await get(`/recommend/8?top_k=1${cursor}`).expect(503);
    expect(away.body).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    api.switched.away = false;
    await api.switched.store.deleteVersion('v1');
    const gone = await get(`/recommend/8?top_k=1${cursor}`).expect(410);
    expect(gone.body).toMatchObject({ code: 'CURSOR_EXPIRED', status: 410 });
    const later = await paged('');
    await request(api.app).delete('/users/8').expect(200);
    await seen(get(`/recommend/8?top_k=1${later.cursor}`).expect(410));
    const nobody = Buffer.from(JSON.stringify(['v\ud83d', 0, 'x', 1])).toString('base64url');
    for (const wrong of [nobody, 'x', cursor.slice(8, -3)]) {
      await seen(get(`/recommend/8?top_k=1&cursor=${wrong}`).expect(400));
    }
  });

  it('leaves out what is not asked for, and says how many there are', async () => {
    await publish('v1');
    const isbns = async (query: string): Promise<string[]> => {
      const { body } = await seen(get(`/recommend/8?${query}`).expect(200));
      const { recommendations, source } = recommendAnswerSchema.parse(body);
      expect(source).toBe('personal');
      return recommendations.map(({ isbn }) => isbn);
    };
    expect(await isbns('policy=rating')).toEqual([FIRST, SECOND, THIRD]);
    expect(await isbns(`exclude=0-19-515344-8,unknown`)).toEqual([SECOND, THIRD]);
    expect(await isbns('min_year=1992&max_year=2001')).toEqual([SECOND]);
    expect(await isbns('author=carlo%20d%27este')).toEqual([THIRD]);
    expect(await isbns('author=nobody')).toEqual([]);
    for (const wrong of ['policy=best', 'min_year=x', 'max_per_author=0', 'cursor=x']) {
      await seen(get(`/recommend/8?${wrong}`).expect(400));
    }
  });

  it('says in a note that fewer books are there than asked for', async () => {
    await publish('v1');
    for (const asked of [4, 100000, 1000000]) {
      const { body } = await seen(get(`/recommend/8?top_k=${asked}`).expect(200));
      expect(body).toMatchObject({
        recommendations: [{}, {}, {}],
        total_available: 3,
        note: `top_k is ${asked}, but only 3 books are available.`,
      });
    }
    const fewer = await get('/recommend/8?top_k=3').expect(200);
    expect(fewer.body).not.toHaveProperty('note');
  });

  it('answers a reader whom nobody knows with the list of the prior', async () => {
    await publish('v1');
    const { body } = await seen(get('/recommend/nobody').expect(200));
    expect(body).toMatchObject({ user_id: 'nobody', source: 'prior', total_available: 3 });
    expect(body).toHaveProperty('recommendations.0.source', 'prior');
    expect(body).toHaveProperty('recommendations.0.uncertainty_parts.reader', 1);
  });

  it.each(HOSTILE)('serves the id %j', async (id) => {
    await publish('v1');
    const { body } = await seen(get(`/recommend/${encodeURIComponent(id)}`).expect(200));
    expect(body).toMatchObject({ user_id: id, source: 'personal' });
  });

  it.each([
    { query: 'top_k=0', path: 'top_k' },
    { query: 'top_k=-1', path: 'top_k' },
    { query: 'top_k=abc', path: 'top_k' },
    { query: 'top_k=', path: 'top_k' },
    { query: 'top_k=1.5', path: 'top_k' },
    { query: 'top_k=1000001', path: 'top_k' },
    { query: 'top_k=1&top_k=2', path: 'top_k' },
    { query: 'topk=5', path: 'topk' },
  ])('refuses ?$query and names the parameter', async ({ query, path }) => {
    await publish('v1');
    const { body, headers } = await seen(get(`/recommend/8?${query}`).expect(400));
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(body).toMatchObject({ code: 'BAD_REQUEST', status: 400, errors: [{ path }] });
    expect(body).toHaveProperty('detail', expect.stringContaining(path));
  });

  it('says what top_k may be', async () => {
    await publish('v1');
    const message = 'Must be a whole number from 1 to 1000000';
    for (const value of ['abc', '0', '1.5', '1e9']) {
      const { body } = await seen(get(`/recommend/8?top_k=${value}`));
      expect(body).toMatchObject({ errors: [{ path: 'top_k', message }] });
    }
  });

  it('refuses an id that is not URL-encoded text', async () => {
    const { body } = await seen(get('/recommend/%E0%A4%A').expect(400));
    expect(body).toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('says before the first training what to do', async () => {
    await api.live.poll();
    const { body, headers } = await seen(get('/recommend/8').expect(503));
    expect(body).toMatchObject({
      title: 'Model not trained yet',
      code: 'NOT_TRAINED',
      status: 503,
    });
    expect(body).toHaveProperty('detail', expect.stringContaining('bookrec train'));
    expect(headers['retry-after']).toBe('5');
    expect(api.logged).toEqual([]);
  });

  it('answers 304 to its own ETag', async () => {
    await publish('v1');
    const { headers } = await seen(get('/recommend/8'));
    expect(headers['cache-control']).toMatch(/^public, max-age=60, stale-while-revalidate=\d+$/);
    const etag = headers['etag'] ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    await publish('v2');
    await publish('v1b');
    const changed = await get('/recommend/8').set('If-None-Match', etag).expect(200);
    const asked = api.switched.calls.length;
    // Another URL for the same answer, which is not in memory.
    const other = await get('/recommend/8?top_k=10')
      .set('If-None-Match', `"x", W/${changed.headers['etag'] ?? ''}`)
      .expect(304);
    expect(other.text).toBe('');
    expect(other.headers['etag']).toBe(changed.headers['etag']);
    expect(api.switched.calls.slice(asked)).toEqual(['reader', 'feedback']);
  });

  it('gives every reader, length and version an ETag of its own', async () => {
    await publish('v1');
    const first = await Promise.all(
      ['/recommend/8', '/recommend/9', '/recommend/8?top_k=2'].map((url) => get(url)),
    );
    await publish('v2');
    const tags = [...first, await get('/recommend/8')].map(({ headers }) => headers['etag']);
    expect(new Set(tags).size).toBe(4);
  });

  it('answers again from memory, and from the new version once it is live', async () => {
    await publish('v1');
    const first = await get('/recommend/8');
    // Whether anybody has said something since it was seen to hold, and if so whether the reader has.
    for (const reads of [['feedbackRevision', 'feedback'], ['feedbackRevision']]) {
      const asked = api.switched.calls.length;
      const again = await get('/recommend/8');
      expect(again.body).toEqual(first.body);
      expect(api.switched.calls.slice(asked)).toEqual(reads);
    }
    await publish('v2', [2, 3, 4, 5, 6]);
    const { body } = await seen(get('/recommend/8'));
    expect(body).toMatchObject({ model_version: 'v2' });
    expect(body).toHaveProperty('recommendations.0.predicted_rating', 2);
  });

  it('stays with the version that was live when the request came', async () => {
    await publish('v1', [8, 7, 6, 5, 4]);
    const gate = Promise.withResolvers<undefined>();
    api.switched.gate = () => gate.promise;
    const waiting = get('/recommend/8').then(({ body }: request.Response) => body as unknown);
    await expect.poll(() => api.switched.calls.at(-1)).toBe('feedback');
    await publish('v2', [2, 3, 4, 5, 6]);
    gate.resolve(undefined);
    const body = await waiting;
    expect(body).toMatchObject({ model_version: 'v1' });
    expect(body).toHaveProperty('recommendations.0.predicted_rating', 8);
    expect((await get('/recommend/8')).body).toMatchObject({ model_version: 'v2' });
  });

  it('goes on with the prior’s list while the store is away, and says so', async () => {
    await publish('v1');
    api.switched.away = true;
    const { body, headers } = await seen(get('/recommend/8').expect(200));
    expect(body).toMatchObject({ degraded: true, source: 'prior', model_version: 'v1' });
    expect(headers['cache-control']).toBe('no-store');
    expect(headers).not.toHaveProperty('etag');
    await api.live.poll();
    const asked = api.switched.calls.length;
    expect((await get('/recommend/8')).body).toMatchObject({ degraded: true });
    expect(api.switched.calls.length).toBe(asked);
    api.switched.away = false;
    await api.live.poll();
    const back = await get('/recommend/8');
    expect(back.body).toMatchObject({ source: 'personal' });
    expect(back.body).not.toHaveProperty('degraded');
  });

  it('marks a list from memory while the store is away, and lets no cache have it', async () => {
    await publish('v1');
    const before = await seen(get('/recommend/8').expect(200));
    api.switched.away = true;
    const during = await seen(get('/recommend/8').expect(200));
    await api.live.poll();
    const later = await seen(get('/recommend/8').expect(200));
    for (const { body, headers } of [during, later]) {
      expect(body).toEqual({ ...(before.body as object), degraded: true });
      expect(headers['cache-control']).toBe('no-store');
      expect(headers).not.toHaveProperty('etag');
    }
  });

  it('says that the store is away when no model could ever be loaded', async () => {
    api.switched.away = true;
    await api.live.poll();
    const { body } = await seen(get('/recommend/8').expect(503));
    expect(body).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('counts requests by route and answers by source', async () => {
    await publish('v1');
    await get('/recommend/8');
    await get('/recommend/8');
    await get('/recommend/nobody');
    await get('/recommend/8?top_k=0');
    const text = await api.metrics.registry.metrics();
    const requests = 'bookrec_http_request_duration_seconds_count{route="/recommend/{user_id}",';
    expect(text).toContain(`${requests}method="GET",status="200"} 3`);
    expect(text).toContain(`${requests}method="GET",status="400"} 1`);
    expect(text).toContain('bookrec_answers_total{source="personal"} 2');
    expect(text).toContain('bookrec_answers_total{source="prior"} 1');
  });

  it('answers HEAD like GET, without the body', async () => {
    await publish('v1');
    const { headers } = await seen(get('/recommend/8'));
    const head = await request(api[way]).head('/recommend/8').expect(200);
    expect(head.headers['etag']).toBe(headers['etag']);
    expect(head.headers['content-length']).toBe(headers['content-length']);
  });

  it('hides what broke and logs it under the instance of the answer', async () => {
    await publish('v1');
    api.switched.gate = () => Promise.reject(new Error('secret of the inside'));
    const { body, text } = await seen(get('/recommend/8').expect(500));
    expect(text).not.toContain('secret');
    expect(body).toMatchObject({ code: 'INTERNAL', title: 'Internal error' });
    const { instance } = body as { instance: string };
    expect(api.logged).toContainEqual(expect.objectContaining({ requestId: instance, level: 50 }));
  });
});

describe('POST /recommend/cold-start', () => {
  const post = (body: object): request.Test =>
    request(api.listener).post('/recommend/cold-start').send(body);

  it('answers nothing at all with the list of the prior', async () => {
    await publish('v1');
    const { body } = await seen(post({}).expect(200));
    expect(body).toMatchObject({ source: 'prior', total_available: 4, policy: 'balanced' });
    expect(body).toHaveProperty('recommendations.0.source', 'prior');
  });

  it('takes favourite books and authors, and names those it does not know', async () => {
    await publish('v1');
    const favourites = {
      books: ['0-19-515344-8', 'no such book'],
      authors: ['carlo d’este', 'Nobody At All'],
      country: 'usa',
    };
    const { body } = await seen(post(favourites).expect(200));
    expect(body).toMatchObject({
      source: 'fold-in',
      unknown_isbns: ['no such book'],
      unknown_authors: ['Nobody At All'],
    });
    // A favourite counts as 9 of the liked levels 8, 9, 10, alike likely: 0.35 above the sample's 8.25.
    expect(body).toHaveProperty('recommendations.0.isbn', SAMPLE_ISBNS[1]);
    expect(body).toHaveProperty('recommendations.0.predicted_rating', 8.6);
    const { body: byAuthor } = await seen(post({ authors: ["Carlo D'Este"] }).expect(200));
    expect(byAuthor).toMatchObject({ source: 'fold-in', total_available: 4, unknown_authors: [] });
  });

  it('refuses what is no field of it', async () => {
    await publish('v1');
    const { body } = await seen(post({ ratings: [] }).expect(400));
    expect(body).toMatchObject({ errors: [{ path: '/ratings' }] });
  });
});

describe('POST /recommend', () => {
  const post = (body: object): request.Test => request(api.listener).post('/recommend').send(body);

  it('folds ratings in and leaves the rated books out', async () => {
    await publish('v1');
    const ratings = [
      { isbn: '0-19-515344-8', rating: 10 },
      { isbn: 'no such book', rating: 3 },
    ];
    const { body, headers } = await seen(post({ ratings, country: 'usa', age: 30 }).expect(200));
    expect(headers['cache-control']).toBe('no-store');
    expect(body).toMatchObject({
      source: 'fold-in',
      total_available: 3,
      model_version: 'v1',
      unknown_isbns: ['no such book'],
      note: 'top_k is 10, but only 3 books are available.',
    });
    expect(body).toHaveProperty('recommendations.0.source', 'fold-in');
    expect(body).toHaveProperty('recommendations.0.isbn', SAMPLE_ISBNS[1]);
    expect(body).toHaveProperty('recommendations.0.predicted_rating', 8.7);
  });

  it('orders by the policy asked for, and tells the seed of a draw', async () => {
    await publish('v1');
    const plain = await seen(post({}).expect(200));
    expect(plain.body).toMatchObject({ policy: 'balanced' });
    expect(plain.body).not.toHaveProperty('seed');
    const given = await seen(post({ policy: 'explore', seed: 7 }).expect(200));
    expect(given.body).toMatchObject({ policy: 'explore', seed: 7 });
    const drawn = await seen(post({ policy: 'explore', max_per_author: 2 }).expect(200));
    expect(drawn.body).toMatchObject({ policy: 'explore' });
    expect(drawn.body).toHaveProperty('seed', expect.any(Number));
    for (const wrong of [{ policy: 'mean' }, { seed: -1 }, { max_per_author: 0 }]) {
      await seen(post(wrong).expect(400));
    }
  });

  it('tells what each rating did to the intervals of the list', async () => {
    await publish('v1');
    const ratings = SAMPLE_ISBNS.slice(0, 2).map((isbn) => ({ isbn, rating: 9 }));
    const { body } = await seen(post({ ratings }).expect(200));
    const [first, second] = foldInAnswerSchema.parse(body).narrowed ?? [];
    expect(first).toMatchObject({ isbn: SAMPLE_ISBNS[0], rating: 9, spread_before: 3.8 });
    expect(first?.spread_after).toBeLessThan(3.8);
    expect(second?.spread_before).toBe(first?.spread_after);
    expect(second?.spread_after).toBeLessThan(second?.spread_before ?? 0);
  });

  it('takes the last of two ratings of one book', async () => {
    await publish('v1');
    const twice = [
      { isbn: '0195153448', rating: 1 },
      { isbn: '978-0-19-515344-6', rating: 10 },
    ];
    const once = await post({ ratings: twice.slice(1) });
    expect((await post({ ratings: twice })).body).toEqual(once.body);
  });

  it('answers no ratings, or only unknown ones, from the prior', async () => {
    await publish('v1');
    const { body } = await seen(post({ top_k: 1 }).expect(200));
    expect(body).toMatchObject({ source: 'prior', total_available: 4, unknown_isbns: [] });
    const unknown = await post({ ratings: [{ isbn: 'x', rating: 5 }] }).expect(200);
    expect(unknown.body).toMatchObject({ source: 'prior', unknown_isbns: ['x'] });
  });

  it('goes on while the store is away', async () => {
    await publish('v1');
    api.switched.away = true;
    await api.live.poll();
    await post({ ratings: [{ isbn: '0195153448', rating: 10 }] }).expect(200);
  });

  it.each([
    { body: { ratings: [{ isbn: '0195153448', rating: 11 }] }, path: '/ratings/0/rating' },
    { body: { ratings: [{ isbn: '0195153448', rating: 7.5 }] }, path: '/ratings/0/rating' },
    { body: { ratings: [{ isbn: 'x', rating: '7' }] }, path: '/ratings/0/rating' },
    { body: { ratings: [{ isbn: '', rating: 7 }] }, path: '/ratings/0/isbn' },
    { body: { ratings: 5 }, path: '/ratings' },
    { body: { ratings: [], 'a/b': 1 }, path: '/a~1b' },
    { body: { age: -1 }, path: '/age' },
    { body: { top_k: 0 }, path: '/top_k' },
    { body: { top_k: 1000001 }, path: '/top_k' },
    { body: { top_k: '5' }, path: '/top_k' },
    { body: [], path: '' },
  ])('refuses $body and points to the field', async ({ body, path }) => {
    await publish('v1');
    const answer = await post(body).expect(400);
    expect(answer.body).toMatchObject({ code: 'BAD_REQUEST', errors: [{ path }] });
  });

  it('refuses parameters in the URL', async () => {
    await publish('v1');
    const { body } = await seen(request(api.app).post('/recommend?top_k=3').send({}).expect(400));
    expect(body).toMatchObject({ errors: [{ path: 'top_k' }] });
  });

  it.each([
    { name: 'malformed JSON', type: 'application/json', text: '{"ratings": [', want: 400 },
    { name: 'a type that is not JSON', type: 'text/plain', text: '{}', want: 415 },
    { name: 'another charset', type: 'application/json; charset=koi8-r', text: '{}', want: 415 },
    {
      name: 'too large',
      type: 'application/json',
      text: `{"a":"${'x'.repeat(262_144)}"}`,
      want: 413,
    },
  ])('refuses a body: $name', async ({ type, text, want }) => {
    await publish('v1');
    const answer = await request(api.app).post('/recommend').set('Content-Type', type).send(text);
    expect(answer.status).toBe(want);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.body).toMatchObject({ status: want });
    expect(answer.text).not.toMatch(/node_modules|\.ts:/);
  });

  it('says before the first training what to do', async () => {
    await api.live.poll();
    const { body } = await seen(post({}).expect(503));
    expect(body).toMatchObject({ title: 'Model not trained yet' });
  });
});
