import { z } from 'zod';
import { type UsersAnswer, usersAnswerSchema, usersQuerySchema } from '../../contracts/http.ts';
import { cacheableJson, etagMatches, etagOf, notModified } from '../answer.ts';
import { withDeadline } from '../deadline.ts';
import { trained } from '../live-model.ts';
import { route } from '../route.ts';

export const users = route({
  method: 'GET',
  path: '/users',
  scope: 'admin',
  summary: 'Readers with recommendations, a page at a time',
  params: z.strictObject({}),
  query: usersQuerySchema,
  body: null,
  answers: {
    200: [{ description: 'One page', type: 'application/json', schema: usersAnswerSchema }],
    304: [{ description: 'The ETag of If-None-Match still holds', type: '' }],
  },
  problems: [503],
  handle: async (call, deps) => {
    const version = trained(call.snapshot);
    const { limit, after } = call.query;
    const etag = etagOf('users', version.id, JSON.stringify(call.query));
    if (etagMatches(call.headers['if-none-match'], etag)) return notModified(etag);
    // One more than asked for tells whether there is a next page.
    const page = { after: after ?? null, limit: limit + 1 };
    const ids = await withDeadline(deps.store.readerIds(version.id, page)).catch(
      (error: unknown) => {
        deps.metrics.storeError(error);
        throw error;
      },
    );
    const shown = ids.slice(0, limit);
    const body: UsersAnswer = {
      users: shown,
      total: version.manifest.counts.readers,
      next: ids.length > limit ? (shown.at(-1) ?? null) : null,
      model_version: version.id,
    };
    return cacheableJson(body, etag);
  },
});
