import { z } from 'zod';
import {
  type OnboardingAnswer,
  onboardingAnswerSchema,
  onboardingQuerySchema,
} from '../../contracts/http-onboarding.ts';
import { freshJson } from '../answer.ts';
import { summaryOf } from '../book-entry.ts';
import { ratingsOf, readerOf, refuseOffScale } from '../given-reader.ts';
import { trained } from '../live-model.ts';
import { round } from '../round.ts';
import { route } from '../route.ts';

export const onboarding = route({
  method: 'GET',
  path: '/onboarding/next',
  scope: 'read',
  summary: 'The book whose rating would tell most of a new reader; nothing is kept',
  params: z.strictObject({}),
  query: onboardingQuerySchema,
  body: null,
  answers: {
    200: [
      { description: 'The question', type: 'application/json', schema: onboardingAnswerSchema },
    ],
  },
  problems: [503],
  handle: async ({ query, snapshot }, { metrics }) => {
    const version = trained(snapshot);
    refuseOffScale(version, query.ratings, () => 'ratings');
    const { rated } = ratingsOf(version, query.ratings);
    const reader = readerOf(version, rated, query);
    const allowed = new Uint8Array(version.catalogue.ids.length).fill(1);
    for (const isbn of query.skip) {
      const book = version.bookIndex(isbn);
      if (book !== undefined) allowed[book] = 0;
    }
    const shelf = await version.shelf();
    const stop = metrics.foldInSeconds.startTimer();
    const found = version.recommender.question(reader, allowed);
    stop();
    const answer: OnboardingAnswer = {
      book: found === null ? null : summaryOf(version, shelf, found.book),
      interest: found === null ? null : Number(found.interest.toPrecision(4)),
      spread_before: found === null ? null : round(found.before),
      spread_after: found === null ? null : round(found.after),
      model_version: version.id,
    };
    return freshJson(answer);
  },
});
