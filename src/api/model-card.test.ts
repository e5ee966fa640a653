import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ModelCard } from '../contracts/model-card.ts';
import { type ApiUnderTest, apiUnderTest } from '../testing/api-under-test.ts';
import { publishSample, sampleManifest } from '../testing/sample-version.ts';

const CARD: ModelCard = {
  format: 1,
  version: sampleManifest('v2', 1),
  data: {
    format: 'generic',
    levels: [1, 2],
    files: [],
    counts: {
      readers: 1,
      readersWithRatings: 1,
      books: 1,
      catalogueRows: 1,
      listedBooks: 1,
      ratings: 1,
      ratingsOfListedBooks: 1,
      interactions: 0,
    },
    findings: [],
    families: [],
    contentHash: '',
  },
  settings: { rank: 8 },
  start: null,
  interest: [],
  seconds: {},
  memoryMiB: {},
  peakMemoryMiB: 1,
  charts: { calibration: '<svg>one</svg>', pit: '<svg>two</svg>' },
  gaps: [],
  markdown:
    '# Model card\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\n![c](calibration.svg)\n![p](pit.svg)\n',
};

let api: ApiUnderTest;
const get = (path: string, accept = '*/*') => request(api.listener).get(path).set('Accept', accept);

beforeAll(async () => {
  api = await apiUnderTest();
  await publishSample(api.switched.store, 'v1', ['8']);
  await api.live.poll();
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

it('is not there for a version of an older release', async () => {
  const answer = await get('/model/card').expect(404);
  expect(answer.body).toMatchObject({ code: 'NOT_FOUND' });
});

it('is a page with its charts for browsers, and JSON or Markdown for programs', async () => {
  const { store } = api.switched;
  await publishSample(store, 'v2', ['8'], [8, 8, 8, 8, 8], { card: CARD });
  await api.live.poll();
  const page = await get('/model/card', 'text/html').expect(200);
  expect(page.headers['content-security-policy']).toMatch(
    /^default-src 'none'; style-src 'self'; img-src data:;/,
  );
  expect(page.text).toContain('<td>1</td>');
  for (const svg of Object.values(CARD.charts)) {
    expect(page.text).toContain(
      `src="data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}"`,
    );
  }
  expect((await get('/model/card').expect(200)).body).toEqual(CARD);
  expect((await get('/model/card.json', 'text/html').expect(200)).body).toEqual(CARD);
  const markdown = await get('/model/card.md')
    .expect(200)
    .expect('Content-Type', /^text\/markdown/);
  expect(markdown.text).toBe(CARD.markdown);
  await get('/model/card.md')
    .set('If-None-Match', markdown.headers['etag'] ?? '')
    .expect(304);
});
