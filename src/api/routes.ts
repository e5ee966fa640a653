import { z } from 'zod';
import { openApiDocument } from './openapi.ts';
import { type Route, route } from './route.ts';
import { book, books, searchBooks, searchBooksByBody, similar } from './routes/books.ts';
import { coldStart } from './routes/cold-start.ts';
import { feedback } from './routes/feedback.ts';
import { foldIn } from './routes/fold-in.ts';
import { home, pageScript, pageStyle } from './routes/home.ts';
import { modelCard, modelCardJson, modelCardMarkdown } from './routes/model-card.ts';
import { modelInfo, stats } from './routes/model.ts';
import { health, livez, metrics, readyz } from './routes/probes.ts';
import { onboarding } from './routes/onboarding.ts';
import { recommend } from './routes/recommend.ts';
import { run, runs } from './routes/runs.ts';
import { eraseUser, users } from './routes/users.ts';

let document: string | null = null;

const openApi = route({
  method: 'GET',
  path: '/openapi.json',
  scope: 'open',
  summary: 'This document',
  params: z.strictObject({}),
  query: z.strictObject({}),
  body: null,
  answers: { 200: [{ description: 'OpenAPI 3.1', type: 'application/json' }] },
  problems: [],
  handle: () => {
    document ??= JSON.stringify(openApiDocument(ROUTES));
    return {
      status: 200,
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Cache-Control': 'public, max-age=300',
      },
      body: document,
    };
  },
});

/** Every route of the API. */
export const ROUTES: readonly Route[] = [
  home,
  pageScript,
  pageStyle,
  recommend,
  foldIn,
  coldStart,
  feedback,
  onboarding,
  users,
  eraseUser,
  books,
  // Before the route of one book, which would take `search` for an ISBN.
  searchBooks,
  searchBooksByBody,
  book,
  similar,
  stats,
  modelInfo,
  modelCard,
  modelCardJson,
  modelCardMarkdown,
  runs,
  run,
  health,
  livez,
  readyz,
  metrics,
  openApi,
];
