import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import {
  healthAnswerSchema,
  problemSchema,
  recommendAnswerSchema,
  statsAnswerSchema,
  usersAnswerSchema,
  welcomeAnswerSchema,
} from '../contracts/http.ts';
import { similarAnswerSchema } from '../contracts/http-books.ts';
import { coldStartAnswerSchema, foldInAnswerSchema } from '../contracts/http-fold-in.ts';
import { eraseAnswerSchema, feedbackAnswerSchema } from '../contracts/http-feedback.ts';
import { onboardingAnswerSchema } from '../contracts/http-onboarding.ts';
import { ROUTES } from './routes.ts';

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

/** The JSON example of a section. */
function example(heading: string): unknown {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`));
  const block = /```json\n(.*?)```/s.exec(section ?? '')?.[1];
  return JSON.parse(block ?? 'null');
}

const EXAMPLES: Array<{ heading: string; schema: z.ZodObject }> = [
  { heading: 'GET /recommend/{user_id}', schema: recommendAnswerSchema },
  { heading: 'POST /recommend', schema: foldInAnswerSchema },
  { heading: 'POST /recommend/cold-start', schema: coldStartAnswerSchema },
  { heading: 'POST /feedback', schema: feedbackAnswerSchema },
  { heading: 'GET /onboarding/next', schema: onboardingAnswerSchema },
  { heading: 'DELETE /users/{user_id}', schema: eraseAnswerSchema },
  { heading: 'GET /users', schema: usersAnswerSchema },
  { heading: 'GET /books/{isbn}/similar', schema: similarAnswerSchema },
  { heading: 'GET /stats', schema: statsAnswerSchema },
  { heading: 'GET /health', schema: healthAnswerSchema },
  { heading: 'GET /', schema: welcomeAnswerSchema },
  { heading: 'Errors', schema: problemSchema },
];

describe('docs/api.md', () => {
  it.each(EXAMPLES)('shows an answer as it is: $heading', ({ heading, schema }) => {
    const shown = example(heading);
    expect(schema.strict().parse(shown)).toEqual(shown);
  });

  it.each(ROUTES.map(({ path }) => path))('names %s', (path) => {
    expect(page).toContain(`${path}\``);
  });
});
