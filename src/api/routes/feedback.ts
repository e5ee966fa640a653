import { createHash, randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import {
  type FeedbackAnswer,
  feedbackAnswerSchema,
  type FeedbackBody,
  feedbackBodySchema,
} from '../../contracts/http-feedback.ts';
import { AppError } from '../../runtime/errors.ts';
import { RESENT_SECONDS } from '../../store/kv.ts';
import type { FeedbackRow } from '../../store/reader-feedback.ts';
import type { Once } from '../../store/store.ts';
import { type Answer, freshJson } from '../answer.ts';
import { withDeadline } from '../deadline.ts';
import { refuseOffScale } from '../given-reader.ts';
import { compared } from '../honesty.ts';
import { trained } from '../live-model.ts';
import type { LiveVersion } from '../live-version.ts';
import { type FieldError, InvalidRequest } from '../problem.ts';
import { route } from '../route.ts';

const DAY_SECONDS = 24 * 3600;
const HEADER = 'idempotency-key';
const KEY = /^[\x21-\x7e]{1,200}$/;

export const feedback = route({
  method: 'POST',
  path: '/feedback',
  scope: 'feedback',
  summary: 'Takes ratings of stored and of new readers; their next list reflects them',
  params: z.strictObject({}),
  query: z.strictObject({}),
  body: feedbackBodySchema,
  answers: {
    200: [
      {
        description: 'All ratings are in the store',
        type: 'application/json',
        schema: feedbackAnswerSchema,
      },
    ],
  },
  problems: [413, 415, 422, 503],
  handle: async ({ body, headers, snapshot }, { store, metrics, now, changed }) => {
    const version = trained(snapshot);
    const time = now().getTime() / 1000;
    const rows = rowsOf(version, body, time);
    const once = onceOf(headers, body);
    try {
      const outcomes = await compared(version, rows, store);
      const { revision, earlier } = await withDeadline(store.addFeedback(rows, once));
      if (earlier !== null) return repeated(earlier, once, { taken: rows.length, revision });
      changed();
      metrics.feedbackTaken(version.id, rows.length);
      for (const holds of outcomes) metrics.feedbackChecked(version.id, holds);
      const answer: FeedbackAnswer = { taken: rows.length, revision };
      return freshJson(answer);
    } catch (error) {
      metrics.storeError(error);
      throw error;
    }
  },
});

/** The ratings as they are stored; throws `InvalidRequest` that names each that cannot be. */
function rowsOf(version: LiveVersion, { ratings }: FeedbackBody, time: number): FeedbackRow[] {
  refuseOffScale(version, ratings, (place) => `/ratings/${String(place)}/rating`);
  const unknown: FieldError[] = [];
  const rows = ratings.map(({ user_id, isbn, rating }, place) => {
    const book = version.bookIndex(isbn);
    if (book === undefined) {
      const message = 'The model knows no book of this ISBN; GET /books/search?q= finds one';
      unknown.push({ path: `/ratings/${String(place)}/isbn`, message });
    }
    return { reader: user_id, book: version.catalogue.ids[book ?? -1] ?? '', rating, time };
  });
  if (unknown.length > 0) throw new InvalidRequest(unknown);
  return rows;
}

/** Under which name the request is carried out once; without a key that of nobody else. */
function onceOf(headers: IncomingHttpHeaders, body: FeedbackBody): Once {
  const key = headers[HEADER];
  const request = createHash('sha256').update(JSON.stringify(body)).digest('base64url');
  if (key === undefined) return { name: randomUUID(), request, seconds: RESENT_SECONDS };
  if (typeof key !== 'string' || !KEY.test(key)) {
    const message = 'Must have 1 to 200 printable ASCII characters without spaces';
    throw new InvalidRequest([{ path: 'Idempotency-Key', message }]);
  }
  return { name: `key ${key}`, request, seconds: DAY_SECONDS };
}

function repeated(earlier: string, { request }: Once, answer: FeedbackAnswer): Answer {
  if (earlier !== request) {
    throw new AppError(
      'KEY_USED_BEFORE',
      'This Idempotency-Key was sent with another body within the last day.',
      'Take a new key for a new request.',
    );
  }
  const { headers, ...rest } = freshJson(answer);
  return { ...rest, headers: { ...headers, 'Idempotency-Replayed': 'true' } };
}
