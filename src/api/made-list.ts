import { randomInt } from 'node:crypto';
import { MAX_FOLD_IN_LIST } from '../contracts/http-fold-in.ts';
import type { Policy } from '../contracts/policies.ts';
import type { RankedList } from '../model/ranked-list.ts';
import type { ListChoice, ReaderInput } from '../model/recommender.ts';
import type { LiveVersion } from './live-version.ts';
import type { ApiMetrics } from './metrics.ts';
import { noteOf, recommendationsOf } from './recommendation-list.ts';

/** How a client wants a list to be made. */
interface Wanted {
  readonly top_k: number;
  readonly policy: Policy;
  readonly seed?: number | undefined;
  readonly max_per_author: number;
}

/** Computes a list for a reader who is not stored, with what answers say of it. */
export function madeList(
  version: LiveVersion,
  reader: ReaderInput,
  { top_k, policy, seed, max_per_author }: Wanted,
  metrics: ApiMetrics,
) {
  // A draw without a seed gets one, which is told.
  const choice: ListChoice = {
    policy,
    seed: seed ?? randomInt(2 ** 32),
    maxPerAuthor: max_per_author,
  };
  const stop = metrics.foldInSeconds.startTimer();
  const list: RankedList = version.recommender.recommend(
    reader,
    Math.min(top_k, MAX_FOLD_IN_LIST),
    choice,
  );
  stop();
  const known = reader.ratedBook.length + (reader.byLiked?.length ?? 0);
  const source = known > 0 ? ('fold-in' as const) : ('prior' as const);
  const available = version.manifest.counts.listedBooks - listedAmong(version, reader.ratedBook);
  const fields = {
    recommendations: recommendationsOf(version, list, top_k, source),
    total_available: available,
    source,
    model_version: version.id,
    policy,
    ...(policy === 'explore' ? { seed: choice.seed } : {}),
    ...noteOf(top_k, list.book.length, available),
  };
  return { list, fields };
}

function listedAmong(version: LiveVersion, books: Uint32Array): number {
  return books.reduce((sum, book) => sum + (version.catalogue.listed[book] ?? 0), 0);
}
