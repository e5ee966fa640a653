import { z } from 'zod';
import {
  type ModelInfoAnswer,
  type StatsAnswer,
  modelInfoAnswerSchema,
  statsAnswerSchema,
} from '../../contracts/http.ts';
import { type Answer, cacheableJson, etagMatches, etagOf, notModified } from '../answer.ts';
import { trained } from '../live-model.ts';
import type { LiveVersion } from '../live-version.ts';
import { type Call, route } from '../route.ts';

const NOTHING = z.strictObject({});

export const stats = route({
  method: 'GET',
  path: '/stats',
  scope: 'read',
  summary: 'Counts of the data and the lists',
  params: NOTHING,
  query: NOTHING,
  body: null,
  answers: {
    200: [{ description: 'Counts', type: 'application/json', schema: statsAnswerSchema }],
    304: [{ description: 'The ETag of If-None-Match still holds', type: '' }],
  },
  problems: [503],
  handle: (call) => ofVersion('stats', call, statsOf),
});

export const modelInfo = route({
  method: 'GET',
  path: '/model/info',
  scope: 'read',
  summary: 'The live model: how it was made and how good it is on held-out ratings',
  params: NOTHING,
  query: NOTHING,
  body: null,
  answers: {
    200: [{ description: 'The model', type: 'application/json', schema: modelInfoAnswerSchema }],
    304: [{ description: 'The ETag of If-None-Match still holds', type: '' }],
  },
  problems: [503],
  handle: (call) => ofVersion('model-info', call, modelInfoOf),
});

/** Answers with what follows from the version alone. */
function ofVersion(
  name: string,
  call: Call<unknown, unknown, unknown>,
  bodyOf: (version: LiveVersion) => object,
): Answer {
  const version = trained(call.snapshot);
  const etag = etagOf(name, version.id);
  if (etagMatches(call.headers['if-none-match'], etag)) return notModified(etag);
  return cacheableJson(bodyOf(version), etag);
}

function statsOf({ manifest }: LiveVersion): StatsAnswer {
  return {
    total_users: manifest.counts.readers,
    total_books: manifest.counts.books,
    listed_books: manifest.counts.listedBooks,
    total_ratings: manifest.counts.ratings,
    total_interactions: manifest.counts.interactions,
    rating_scale: manifest.scale.levels,
    recommendations_per_user: manifest.listLength,
    dataset: manifest.dataset,
    model_version: manifest.version,
  };
}

function modelInfoOf({ manifest }: LiveVersion): ModelInfoAnswer {
  const { model } = manifest;
  return {
    model_version: manifest.version,
    created_at: manifest.createdAt,
    run_id: manifest.runId,
    dataset: manifest.dataset,
    content_hash: manifest.contentHash,
    policy: manifest.policy,
    rank: model.rank,
    effective_rank: model.effectiveRank,
    sweeps: model.sweeps,
    seed: model.seed,
    elbo: model.elbo,
    noise_sd: model.noiseSd,
    train_seconds: manifest.trainSeconds,
    metrics: manifest.metrics,
  };
}
