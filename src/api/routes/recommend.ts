import { crc32 } from 'node:zlib';
import type { z } from 'zod';
import {
  type RecommendAnswer,
  recommendAnswerSchema,
  recommendParamsSchema,
  type RecommendQuery,
  recommendQuerySchema,
} from '../../contracts/http.ts';
import { AppError } from '../../runtime/errors.ts';
import {
  type Answer,
  cacheableJson,
  etagMatches,
  etagOf,
  freshJson,
  notModified,
} from '../answer.ts';
import { cursorOf, expired, type Place, placeOf, versionAt } from '../cursor.ts';
import { explained } from '../explained.ts';
import { fromStore } from '../from-store.ts';
import { asOf, inputOf, type KnownReader, lookUp } from '../known-reader.ts';
import type { LiveVersion } from '../live-version.ts';
import { priorList, type ReaderList, readerList } from '../reader-list.ts';
import { noteOf, recommendationsOf } from '../recommendation-list.ts';
import { type ApiDeps, type Call, route } from '../route.ts';

type RecommendCall = Call<z.output<typeof recommendParamsSchema>, RecommendQuery, null>;

export const recommend = route({
  method: 'GET',
  path: '/recommend/{user_id}',
  scope: 'read',
  summary: 'Books for a reader, best first, with their uncertainty',
  params: recommendParamsSchema,
  query: recommendQuerySchema,
  body: null,
  answers: {
    200: [
      {
        description: 'The list; a reader whom the model does not know gets the list of the prior',
        type: 'application/json',
        schema: recommendAnswerSchema,
      },
    ],
    304: [{ description: 'The ETag of If-None-Match still holds', type: '' }],
  },
  problems: [410, 503],
  handle: async (call, deps) => {
    const { user_id } = call.params;
    const { top_k, cursor, explain, ...options } = call.query;
    // Tells the cursors of other readers and options apart, and is short.
    const order = crc32(JSON.stringify([user_id, options])).toString(36);
    const place = placeOf(cursor, order);
    const version = await versionAt(place, call.snapshot, deps.live);
    const now = await find(version, call, deps);
    if (now === null) return degraded(version, call);
    const known = place === null ? now : await knownAt(place, version, now, deps);
    const { revision } = known;
    const state = revision === 0 ? version.id : `${version.id}+${String(revision)}`;
    const changes = now.revision > 0;
    const etag = etagOf('recommend', state, user_id, JSON.stringify(call.query));
    if (etagMatches(call.headers['if-none-match'], etag)) return notModified(etag, changes);
    const found = await readerList(version, known, options, deps.metrics);
    const from = place?.count ?? 0;
    const end = { version: version.id, revision, count: from + top_k };
    const next = end.count < found.list.book.length ? cursorOf(end, order) : null;
    const plain = bodyOf(version, call, found, { from, next });
    const body = explain === 'true' ? withReasons(version, plain, known) : plain;
    const { source } = found;
    return {
      ...cacheableJson(body, etag, changes),
      source: source === 'fold-in' ? 'fold_in' : source,
      reader: { id: user_id, revision: now.revision },
    };
  },
});

/** The reader as the pages before this one had them; throws `CURSOR_EXPIRED` where that list is gone. */
async function knownAt(
  { revision }: Place,
  version: LiveVersion,
  now: KnownReader,
  deps: ApiDeps,
): Promise<KnownReader> {
  const known = asOf(now, revision, version);
  if (known === null) throw expired('What was known of the reader has been erased.');
  if (known.record !== null) return known;
  // Of a version that is deleted nobody has a record; the manifest goes first.
  const manifest = await fromStore(deps.store.manifest(version.id), deps);
  if (manifest !== null) return known;
  throw expired(`Version ${version.id} of the cursor is not kept any more.`);
}

function bodyOf(
  version: LiveVersion,
  { params, query }: RecommendCall,
  { list, source }: ReaderList,
  { from, next }: { from: number; next: string | null },
): RecommendAnswer {
  const { top_k } = query;
  return {
    user_id: params.user_id,
    recommendations: recommendationsOf(version, list, top_k, source, from),
    total_available: list.book.length,
    source,
    model_version: version.id,
    next,
    ...(from === 0 ? noteOf(top_k, list.book.length) : {}),
  };
}

function withReasons(
  version: LiveVersion,
  body: RecommendAnswer,
  known: KnownReader,
): RecommendAnswer {
  const { recommendations } = body;
  return { ...body, recommendations: explained(version, inputOf(version, known), recommendations) };
}

/** The list of the prior, marked, while nobody can say what is known of the reader. */
function degraded(version: LiveVersion, call: RecommendCall): Answer {
  const body = bodyOf(version, call, priorList(version), { from: 0, next: null });
  return { ...freshJson({ ...body, degraded: true as const }), source: 'degraded' };
}

/** What is known of the reader; null while the store is away, which ends pages that have begun: they must not repeat a book. */
async function find(
  version: LiveVersion,
  call: RecommendCall,
  deps: ApiDeps,
): Promise<KnownReader | null> {
  const isPaging = call.query.cursor !== undefined;
  if (call.snapshot.degraded && !isPaging) return null;
  try {
    return await lookUp(version, call.params.user_id, deps.store);
  } catch (error) {
    deps.metrics.storeError(error);
    if (isPaging || !(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    return null;
  }
}
