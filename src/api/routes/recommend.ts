import { z } from 'zod';
import {
  type RecommendAnswer,
  recommendAnswerSchema,
  recommendParamsSchema,
  recommendQuerySchema,
} from '../../contracts/http.ts';
import type { RankedList } from '../../model/ranked-list.ts';
import { AppError } from '../../runtime/errors.ts';
import {
  type Answer,
  cacheableJson,
  etagMatches,
  etagOf,
  freshJson,
  notModified,
} from '../answer.ts';
import { withDeadline } from '../deadline.ts';
import type { LiveVersion } from '../live-version.ts';
import { trained } from '../live-model.ts';
import { noteOf, recommendationsOf } from '../recommendation-list.ts';
import { type ApiDeps, type Call, route } from '../route.ts';

type RecommendCall = Call<
  z.output<typeof recommendParamsSchema>,
  z.output<typeof recommendQuerySchema>,
  null
>;

/** A list with where it comes from. */
interface Found {
  readonly list: RankedList;
  readonly source: 'personal' | 'prior';
  readonly degraded: boolean;
}

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
  problems: [503],
  handle: async (call, deps) => {
    const version = trained(call.snapshot);
    const { user_id } = call.params;
    const etag = etagOf('recommend', version.id, user_id, String(call.query.top_k));
    if (etagMatches(call.headers['if-none-match'], etag)) return notModified(etag);
    const found = await find(version, call, deps);
    return answer(version, call, found, etag);
  },
});

function answer(version: LiveVersion, call: RecommendCall, found: Found, etag: string): Answer {
  const { list, source, degraded } = found;
  const topK = call.query.top_k;
  const body: RecommendAnswer = {
    user_id: call.params.user_id,
    recommendations: recommendationsOf(version, list, topK, source),
    total_available: list.book.length,
    source,
    model_version: version.id,
    ...noteOf(topK, list.book.length),
    ...(degraded ? { degraded: true as const } : {}),
  };
  const written = degraded ? freshJson(body) : cacheableJson(body, etag);
  return { ...written, source: degraded ? 'degraded' : source };
}

/** The stored list; the prior's where there is none or the store is away. */
async function find(version: LiveVersion, call: RecommendCall, deps: ApiDeps): Promise<Found> {
  if (call.snapshot.degraded) return { ...prior(version), degraded: true };
  try {
    const record = await withDeadline(deps.store.reader(version.id, call.params.user_id));
    if (record === null) return { ...prior(version), degraded: false };
    return { list: record.list, source: record.source, degraded: false };
  } catch (error) {
    deps.metrics.storeError(error);
    if (!(error instanceof AppError) || error.code !== 'STORE_UNAVAILABLE') throw error;
    return { ...prior(version), degraded: true };
  }
}

function prior(version: LiveVersion): Pick<Found, 'list' | 'source'> {
  return { list: version.prior(), source: 'prior' };
}
