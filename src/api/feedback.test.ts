import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recommendAnswerSchema } from '../contracts/http.ts';
import { type ApiUnderTest, apiUnderTest, seen } from '../testing/api-under-test.ts';
import { publishSample, SAMPLE_ISBNS } from '../testing/sample-version.ts';

const [FIRST = '', SECOND = '', THIRD = ''] = SAMPLE_ISBNS;
let api: ApiUnderTest;

beforeEach(async () => {
  api = await apiUnderTest();
  await publishSample(api.switched.store, 'v1', ['8', '9']);
  await api.live.poll();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

const say = (...ratings: object[]): request.Test =>
  request(api.app).post('/feedback').send({ ratings });
const rate = (user_id: string, isbn: string, rating: number) => ({ user_id, isbn, rating });
async function listOf(id: string, query = '') {
  const { body } = await seen(request(api.listener).get(`/recommend/${id}${query}`).expect(200));
  const answer = recommendAnswerSchema.parse(body);
  return { ...answer, isbns: answer.recommendations.map(({ isbn }) => isbn) };
}

describe('POST /feedback', () => {
  it('shows in the very next list, also in one that was in memory', async () => {
    // The third time nothing but the number of the last feedback is looked at.
    for (let n = 0; n < 3; n++) {
      expect(await listOf('8')).toMatchObject({
        source: 'personal',
        isbns: [FIRST, SECOND, THIRD],
      });
    }
    const { body, headers } = await seen(say(rate('8', '0-19-515344-8', 10)).expect(200));
    expect(body).toEqual({ taken: 1, revision: 1 });
    expect(headers['cache-control']).toBe('no-store');
    const after = await listOf('8');
    expect(after).toMatchObject({ source: 'fold-in', isbns: [SECOND, THIRD] });
    // 8.25 in the sample, 0.35 for the 9 that the training read and 0.45 for the 10.
    expect(after.recommendations[0]).toMatchObject({ source: 'fold-in', predicted_rating: 9.05 });
    expect(await listOf('9')).toMatchObject({ source: 'personal' });
  });

  it('takes the last of two ratings of a book, and ratings of a new reader', async () => {
    await say(rate('new', FIRST, 10), rate('new', FIRST, 1), rate('9', SECOND, 3)).expect(200);
    const list = await listOf('new');
    expect(list).toMatchObject({ source: 'fold-in', isbns: [SECOND, THIRD, SAMPLE_ISBNS[3]] });
    expect(list.recommendations[0]?.predicted_rating).toBe(7.8);
    expect((await listOf('9')).isbns).toEqual([FIRST, THIRD]);
  });

  it('gives the list another ETag, which whoever keeps it has to ask for again', async () => {
    const get = () => request(api.listener).get('/recommend/8');
    const before = (await get()).headers['etag'] ?? '';
    await say(rate('8', FIRST, 10)).expect(200);
    const changed = await get().set('If-None-Match', before).expect(200);
    expect(changed.headers['cache-control']).toBe('private, no-cache');
    const etag = changed.headers['etag'] ?? '';
    // The second URL is not in memory.
    for (const url of ['/recommend/8', '/recommend/8?top_k=10']) {
      const same = await request(api.listener).get(url).set('If-None-Match', etag).expect(304);
      expect(same.headers['cache-control']).toBe('private, no-cache');
    }
  });

  it('outlives a new version, and is part of the stored list once a training has read it', async () => {
    await say(rate('8', FIRST, 10)).expect(200);
    await publishSample(api.switched.store, 'v2', ['8']);
    await api.live.poll();
    expect(await listOf('8')).toMatchObject({ source: 'fold-in', isbns: [SECOND, THIRD] });
    await publishSample(api.switched.store, 'v3', ['8'], undefined, { feedback: 1 });
    await api.live.poll();
    expect(await listOf('8')).toMatchObject({ source: 'personal', model_version: 'v3' });
    await say(rate('8', SECOND, 10)).expect(200);
    expect(await listOf('8')).toMatchObject({ source: 'fold-in', isbns: [THIRD] });
  });

  it('carries out a request once under its key', async () => {
    const keyed = (...ratings: object[]) => say(...ratings).set('Idempotency-Key', 'a-key');
    const first = await seen(keyed(rate('8', FIRST, 10)).expect(200));
    await say(rate('8', FIRST, 2)).expect(200);
    const again = await seen(keyed(rate('8', FIRST, 10)).expect(200));
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect((await api.switched.store.feedback('8'))?.ratings).toHaveLength(2);
    const { body } = await seen(keyed(rate('8', FIRST, 9)).expect(422));
    expect(body).toMatchObject({ code: 'KEY_USED_BEFORE' });
    const wrong = await seen(
      say(rate('8', FIRST, 10))
        .set('Idempotency-Key', 'a b')
        .expect(400),
    );
    expect(wrong.body).toMatchObject({ errors: [{ path: 'Idempotency-Key' }] });
  });

  it.each([
    { ratings: [rate('8', FIRST, 10), rate('8', FIRST, 11)], path: '/ratings/1/rating' },
    { ratings: [rate('8', FIRST, 10), rate('8', 'no such book', 3)], path: '/ratings/1/isbn' },
    { ratings: [rate('', FIRST, 10)], path: '/ratings/0/user_id' },
    { ratings: [rate('\ud83d', FIRST, 10)], path: '/ratings/0/user_id' },
    { ratings: [], path: '/ratings' },
  ])('takes nothing of a body that is wrong at $path', async ({ ratings, path }) => {
    const { body } = await seen(say(...ratings).expect(400));
    expect(body).toMatchObject({ code: 'BAD_REQUEST', errors: [{ path }] });
    expect(await api.switched.store.feedbackRevision()).toBe(0);
  });

  it('refuses while the store is away, and loses nothing that it took', async () => {
    await say(rate('8', FIRST, 10)).expect(200);
    api.switched.away = true;
    const { body, headers } = await seen(say(rate('8', SECOND, 10)).expect(503));
    expect(body).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(headers['retry-after']).toBe('5');
    api.switched.away = false;
    expect(await listOf('8')).toMatchObject({ isbns: [SECOND, THIRD] });
  });

  it('compares each first rating of a book with what was predicted before it', async () => {
    // Predicted is 8.85 for the first book, from one rating: 95 % within 1.34, 50 % within 0.71.
    await say(rate('8', FIRST, 10), rate('9', FIRST, 1)).expect(200);
    await say(rate('8', FIRST, 9)).expect(200);
    const text = await api.metrics.registry.metrics();
    expect(text).toContain('bookrec_feedback_total{version="v1"} 3');
    expect(text).toContain('bookrec_feedback_checked_total{version="v1"} 2');
    expect(text).toContain('bookrec_feedback_within_total{version="v1",interval="0.95"} 1');
    expect(text).toContain('bookrec_feedback_within_total{version="v1",interval="0.5"} 0');
    expect(text).toContain('bookrec_feedback_coverage{version="v1",interval="0.95"} 0.5');
  });
});

describe('DELETE /users/{user_id}', () => {
  const erase = (id: string) => request(api.app).delete(`/users/${encodeURIComponent(id)}`);

  it('erases lists, ratings and feedback at once, and gives a receipt', async () => {
    await publishSample(api.switched.store, 'v2', ['8', '9']);
    await listOf('8');
    await say(rate('8', FIRST, 10), rate('8', SECOND, 10)).expect(200);
    const { body } = await seen(erase('8').expect(200));
    expect(body).toEqual({
      user_id: '8',
      erased_at: '2026-01-02T03:05:05.000Z',
      revision: 2,
      feedback: 2,
      versions: ['v1', 'v2'],
    });
    expect(await listOf('8')).toMatchObject({ source: 'prior' });
    const { body: users } = await seen(request(api.app).get('/users').expect(200));
    expect(users).toMatchObject({ users: ['9'] });
    expect(JSON.stringify(api.logged)).not.toContain('"8"');
  });

  it('does not use what a training publishes that knew the reader', async () => {
    await erase('8').expect(200);
    await publishSample(api.switched.store, 'v2', ['8', '9']);
    await api.live.poll();
    expect(await listOf('8')).toMatchObject({ source: 'prior', model_version: 'v2' });
    await say(rate('8', FIRST, 10)).expect(200);
    expect(await listOf('8')).toMatchObject({ source: 'fold-in' });
  });

  it('knows nobody as well, and refuses while the store is away', async () => {
    const { body } = await seen(erase('nobody').expect(200));
    expect(body).toMatchObject({ feedback: 0, versions: [] });
    api.switched.away = true;
    await erase('8').expect(503);
  });
});

describe('explanations', () => {
  it('name the ratings that a prediction comes from, and add up to it', async () => {
    await say(rate('8', FIRST, 2)).expect(200);
    const { recommendations } = await listOf('8', '?explain=true');
    for (const { predicted_rating, explanation } of recommendations) {
      // The 9 that the training read adds 0.35, the 2 takes as much.
      expect(explanation?.because).toMatchObject([
        { isbn: SAMPLE_ISBNS[3], title: 'Flu', rating: 9, share: 0.35 },
        { isbn: FIRST, rating: 2, share: -0.35 },
      ]);
      expect(explanation).toMatchObject({ base: predicted_rating, others: 0 });
    }
    const ratings = SAMPLE_ISBNS.slice(1).map((isbn) => ({ isbn, rating: 8 }));
    const asked = request(api.app).post('/recommend').send({ ratings, explain: true });
    const { body } = await seen(asked.expect(200));
    expect(body).toMatchObject({
      recommendations: [{ explanation: { others: 0.25, because: [{}, {}, {}] } }],
    });
  });

  it('have nothing to name where nothing is known', async () => {
    const [first] = (await listOf('nobody', '?explain=true')).recommendations;
    expect(first?.explanation).toEqual({ base: first?.predicted_rating, because: [], others: 0 });
  });
});

describe('GET /onboarding/next', () => {
  const ask = (query: string) => request(api.app).get(`/onboarding/next?${query}`);

  it('asks for a book that was neither rated nor skipped, until there is none', async () => {
    const { body } = await seen(ask('country=usa').expect(200));
    expect(body).toMatchObject({
      book: { isbn: FIRST, ratings: 4 },
      interest: 0.05,
      spread_before: 1,
      spread_after: 0.75,
    });
    const next = await seen(ask(`ratings=0-19-515344-8:9,unknown:3&skip=${SECOND}`).expect(200));
    expect(next.body).toMatchObject({ book: { isbn: THIRD } });
    const none = await seen(ask(`skip=${SAMPLE_ISBNS.join(',')}`).expect(200));
    expect(none.body).toMatchObject({ book: null, spread_before: null });
  });

  it.each(['ratings=9', `ratings=${FIRST}:11`, 'ratings=a:b', 'age=x', 'rating=x:1'])(
    'refuses %s',
    async (query) => {
      const { body } = await seen(ask(query).expect(400));
      expect(body).toMatchObject({ code: 'BAD_REQUEST' });
    },
  );
});
