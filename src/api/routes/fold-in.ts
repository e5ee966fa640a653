import { randomInt } from 'node:crypto';
import { z } from 'zod';
import {
  type FoldInAnswer,
  foldInAnswerSchema,
  type FoldInBody,
  foldInBodySchema,
  MAX_FOLD_IN_LIST,
} from '../../contracts/http.ts';
import type { ListChoice, ReaderInput } from '../../model/recommender.ts';
import { freshJson } from '../answer.ts';
import type { LiveVersion } from '../live-version.ts';
import { trained } from '../live-model.ts';
import { type FieldError, InvalidRequest } from '../problem.ts';
import { noteOf, recommendationsOf } from '../recommendation-list.ts';
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
  handle: (call, deps) => {
    const version = trained(call.snapshot);
    const { top_k } = call.body;
    const { reader, unknown } = readerOf(version, call.body);
    const stop = deps.metrics.foldInSeconds.startTimer();
    const choice = choiceOf(call.body);
    const list = version.recommender.recommend(reader, Math.min(top_k, MAX_FOLD_IN_LIST), choice);
    stop();
    const source = reader.ratedBook.length > 0 ? 'personal' : 'prior';
    const available = version.manifest.counts.listedBooks - listedAmong(version, reader.ratedBook);
    const body: FoldInAnswer = {
      recommendations: recommendationsOf(version, list, top_k, source),
      total_available: available,
      source,
      model_version: version.id,
      policy: choice.policy,
      ...(choice.policy === 'explore' ? { seed: choice.seed } : {}),
      unknown_isbns: unknown,
      ...noteOf(top_k, list.book.length, available),
    };
    return { ...freshJson(body), source: 'fold_in' };
  },
});

/** How the list is made; a draw without a seed gets one, which is told. */
function choiceOf({ policy, seed, max_per_author }: FoldInBody): ListChoice {
  return { policy, seed: seed ?? randomInt(2 ** 32), maxPerAuthor: max_per_author };
}

/** Ratings by catalogue index; throws `InvalidRequest` for ratings off the scale. */
function readerOf(
  version: LiveVersion,
  body: FoldInBody,
): { reader: ReaderInput; unknown: string[] } {
  const levels = [...version.recommender.levels];
  refuseOffScale(body, levels);
  const rated = new Map<number, number>();
  const unknown: string[] = [];
  for (const { isbn, rating } of body.ratings) {
    const book = version.bookIndex(isbn);
    if (book === undefined) unknown.push(isbn);
    else rated.set(book, rating);
  }
  const reader = {
    labels: version.recommender.labelsOf(fieldsOf(body)),
    ratedBook: Uint32Array.from(rated.keys()),
    ratedValue: [...rated.values()],
    unratedBook: new Uint32Array(),
  };
  return { reader, unknown };
}

function refuseOffScale(body: FoldInBody, levels: readonly number[]): void {
  const wrong = body.ratings.flatMap(({ rating }, place): FieldError[] =>
    levels.includes(rating)
      ? []
      : [
          {
            path: `/ratings/${String(place)}/rating`,
            message: `Must be one of ${levels.join(', ')}`,
          },
        ],
  );
  if (wrong.length > 0) throw new InvalidRequest(wrong);
}

function fieldsOf(body: FoldInBody): Record<string, string> {
  return {
    ...(body.country === undefined ? {} : { country: body.country }),
    ...(body.state === undefined ? {} : { state: body.state }),
    ...(body.age === undefined ? {} : { age: String(body.age) }),
  };
}

function listedAmong(version: LiveVersion, books: Uint32Array): number {
  return books.reduce((sum, book) => sum + (version.catalogue.listed[book] ?? 0), 0);
}
