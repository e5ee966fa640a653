import { z } from 'zod';
import {
  type FoldInAnswer,
  foldInAnswerSchema,
  foldInBodySchema,
  MAX_NARROWED,
} from '../../contracts/http-fold-in.ts';
import { freshJson } from '../answer.ts';
import { explained } from '../explained.ts';
import { ratingsOf, readerOf, refuseOffScale } from '../given-reader.ts';
import { trained } from '../live-model.ts';
import { madeList } from '../made-list.ts';
import { narrowedBy } from '../narrowed.ts';
import { route } from '../route.ts';

export const foldIn = route({
  method: 'POST',
  path: '/recommend',
  scope: 'read',
  summary: 'Books for somebody who is not stored, from a few ratings (fold-in); nothing is kept',
  params: z.strictObject({}),
  query: z.strictObject({}),
  body: foldInBodySchema,
  answers: {
    200: [{ description: 'The list', type: 'application/json', schema: foldInAnswerSchema }],
  },
  problems: [413, 415, 503],
  handle: ({ body, snapshot }, { metrics }) => {
    const version = trained(snapshot);
    refuseOffScale(version, body.ratings, (place) => `/ratings/${String(place)}/rating`);
    const { rated, unknown } = ratingsOf(version, body.ratings);
    const reader = readerOf(version, rated, body);
    const { list, fields } = madeList(version, reader, body, metrics);
    const answer: FoldInAnswer = {
      ...fields,
      ...(body.explain
        ? { recommendations: explained(version, reader, fields.recommendations) }
        : {}),
      unknown_isbns: unknown,
      ...(rated.size > MAX_NARROWED ? {} : { narrowed: narrowedBy(version, reader, list.book) }),
    };
    return { ...freshJson(answer), source: 'fold_in' };
  },
});
