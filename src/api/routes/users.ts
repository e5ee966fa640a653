import { z } from 'zod';
import {
  recommendParamsSchema,
  type UsersAnswer,
  usersAnswerSchema,
  usersQuerySchema,
} from '../../contracts/http.ts';
import { type EraseAnswer, eraseAnswerSchema } from '../../contracts/http-feedback.ts';
import { AppError } from '../../runtime/errors.ts';
import { freshJson } from '../answer.ts';
import { fromStore, pageFrom } from '../from-store.ts';
import { trained } from '../live-model.ts';
import { route } from '../route.ts';

/** Time to erase a reader from all versions. */
const ERASE_MS = 10_000;

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
  },
  problems: [503],
  handle: async ({ query, snapshot }, deps) => {
    const version = trained(snapshot);
    const { limit, after = null } = query;
    const read = (most: number) => deps.store.readerIds(version.id, { after, limit: most });
    const { shown, next } = await pageFrom(limit, read, (id) => id, deps);
    const body: UsersAnswer = {
      users: shown,
      total: version.manifest.counts.readers,
      next,
      model_version: version.id,
    };
    // A reader may be erased at any time.
    return freshJson(body);
  },
});

export const eraseUser = route({
  method: 'DELETE',
  path: '/users/{user_id}',
  scope: 'admin',
  summary: 'Erases a reader: ratings, feedback and lists now, and from every training to come',
  params: recommendParamsSchema,
  query: z.strictObject({}),
  body: null,
  answers: {
    200: [{ description: 'The receipt', type: 'application/json', schema: eraseAnswerSchema }],
  },
  problems: [503],
  handle: async ({ params, snapshot }, deps) => {
    const { user_id } = params;
    if (!user_id.isWellFormed()) throw malformed();
    const now = deps.now();
    const time = now.getTime() / 1000;
    const erasing = deps.store.eraseReader(user_id, time);
    const { revision, feedback, versions } = await fromStore(erasing, deps, ERASE_MS);
    deps.changed();
    const id = snapshot.version?.id ?? null;
    deps.log.info({ revision, versions: versions.length, live: id }, 'a reader was erased');
    const body: EraseAnswer = {
      user_id,
      erased_at: now.toISOString(),
      revision,
      feedback,
      versions: [...versions],
    };
    return freshJson(body);
  },
});

function malformed(): AppError {
  return new AppError('BAD_REQUEST', 'The id is not valid Unicode.', 'Check the URL encoding.');
}
