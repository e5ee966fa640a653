import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runAnswerSchema, runsAnswerSchema } from '../contracts/http-runs.ts';
import type { RunRecord } from '../contracts/run.ts';
import { type ApiUnderTest, apiUnderTest, seen } from '../testing/api-under-test.ts';
import { runOf } from '../testing/store-cases.ts';

let api: ApiUnderTest;

beforeEach(async () => {
  api = await apiUnderTest();
});

afterEach(async () => {
  await api[Symbol.asyncDispose]();
});

const get = (url: string): request.Test => request(api.listener).get(url);

/** A run that is alive now. */
function alive(id: string): RunRecord {
  return { ...runOf(id, 1), updatedAt: new Date().toISOString() };
}

const DATA: NonNullable<RunRecord['data']> = {
  format: 'bookcrossing',
  levels: [1, 2],
  files: [],
  counts: {
    readers: 3,
    readersWithRatings: 2,
    books: 5,
    catalogueRows: 5,
    listedBooks: 4,
    ratings: 100,
    ratingsOfListedBooks: 0.9,
    interactions: 20,
  },
  findings: [
    {
      kind: 'age-impossible',
      action: 'unknown',
      count: 1,
      examples: [{ file: 'users.csv', line: 7, text: '"276725";"tyler, texas, usa";"239"' }],
    },
  ],
  families: [],
  contentHash: 'c0ffee',
};

describe('GET /runs', () => {
  it('walks over all runs from the newest, a page at a time', async () => {
    for (const day of [2, 5, 1, 4, 3]) await api.switched.store.putRun(runOf(`run:${day}`, day));
    const walked: string[] = [];
    let after = '';
    for (let pages = 0; pages < 5; pages++) {
      const answer = await get(`/runs?limit=2${after}`).expect(200);
      const page = runsAnswerSchema.parse(answer.body);
      walked.push(...page.runs.map(({ id }) => id));
      if (page.next === null) break;
      after = `&after=${encodeURIComponent(page.next)}`;
    }
    expect(walked).toEqual(['run:5', 'run:4', 'run:3', 'run:2', 'run:1']);
  });

  it('is empty before the first training, and past the end', async () => {
    await get('/runs').expect(200, { runs: [], next: null });
    await get('/runs?after=forgotten').expect(200, { runs: [], next: null });
  });

  it.each(['limit=0', 'limit=101', 'limit=x', 'after=', 'offset=3'])(
    'refuses ?%s',
    async (query) => {
      await get(`/runs?${query}`).expect(400);
    },
  );

  it('is 503 while the store is away', async () => {
    api.switched.away = true;
    for (const url of ['/runs', '/runs/r']) {
      const { body } = await seen(get(url).expect(503));
      expect(body).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    }
    const text = await api.metrics.registry.metrics();
    expect(text).toContain('bookrec_store_errors_total{code="STORE_UNAVAILABLE"} 2');
  });
});

describe('GET /runs/{run_id}', () => {
  it('shows each step of a training as it is recorded, to be kept by nobody', async () => {
    const record = alive('r1');
    await api.switched.store.putRun(record);
    const early = await get('/runs/r1').expect(200).expect('Cache-Control', 'no-store');
    expect(early.body).toMatchObject({ state: 'running', progress: { phase: 'train', sweep: 1 } });

    const progress = { ...record.progress, sweep: 9, heldOutRmse: 1.58, secondsLeft: 4 };
    await api.switched.store.putRun({ ...record, progress });
    const later = await get('/runs/r1').expect(200);
    const step = { sweep: 9, of: 40, held_out_rmse: 1.58, seconds_left: 4 };
    expect(later.body).toMatchObject({ progress: step, finished_at: null });

    const end = { state: 'succeeded', version: 'v7', finishedAt: record.updatedAt } as const;
    await api.switched.store.putRun({ ...record, ...end, seconds: { train: 12.5 } });
    const { body } = await seen(get('/runs/r1').expect(200));
    expect(runAnswerSchema.parse(body)).toEqual(body);
    expect(body).toMatchObject({
      state: 'succeeded',
      model_version: 'v7',
      seconds: { train: 12.5 },
    });
  });

  it('says of a run that fell silent that it is lost, and why', async () => {
    await api.switched.store.putRun(runOf('r1', 1));
    const { body } = await seen(get('/runs/r1').expect(200));
    expect(body).toMatchObject({ state: 'lost', error: { code: 'CANCELLED' } });
  });

  it('counts what was found in the data without showing the rows of readers', async () => {
    await api.switched.store.putRun({ ...alive('r1'), data: DATA });
    const { body, text } = await seen(get('/runs/r1').expect(200));
    const finding = { kind: 'age-impossible', action: 'unknown', count: 1 };
    expect(body).toMatchObject({ data: { counts: { ratings: 100 }, findings: [finding] } });
    expect(text).not.toContain('tyler');
  });

  it.each(['unknown', '__proto__', '%2e%2e', 'r%3A1', '%00'])('is 404: %s', async (id) => {
    const { body } = await seen(get(`/runs/${id}`).expect(404));
    expect(body).toMatchObject({ code: 'NOT_FOUND' });
  });
});
