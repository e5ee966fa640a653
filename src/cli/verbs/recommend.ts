import type { RankedList } from '../../model/ranked-list.ts';
import { AppError } from '../../runtime/errors.ts';
import type { Catalogue } from '../../store/catalogue-codec.ts';
import type { Store } from '../../store/store.ts';
import { table } from '../output.ts';
import { defineVerb } from '../verb.ts';
import { liveVersion, STORE_KEYS, withStore } from '../with-store.ts';

export const recommend = defineVerb({
  name: 'recommend',
  summary: "Show a reader's published recommendations",
  operands: ['<user>'],
  settings: [...STORE_KEYS, 'topK'],
  run: ({ settings, operands: [user = ''], output }) =>
    withStore(settings, async (store) => {
      const version = await liveVersion(store);
      const record = await store.reader(version, user);
      if (record === null) throw unknownReader(user);
      const books = entries(record.list, await catalogueOf(store, version), settings.topK);
      output.show(
        { user_id: user, model_version: version, source: record.source, recommendations: books },
        () => table([['#', 'RATING', '95 % INTERVAL', 'ISBN', 'TITLE'], ...books.map(row)]),
      );
    }),
});

/** One recommendation, with the field names of the API. */
interface Entry {
  readonly rank: number;
  readonly title: string;
  readonly author: string;
  readonly isbn: string;
  readonly predicted_rating: number;
  readonly uncertainty: number;
  readonly confidence_interval: readonly [low: number, high: number];
}

function entries(list: RankedList, catalogue: Catalogue, topK: number): Entry[] {
  return [...list.book.subarray(0, topK)].map((book, place) => ({
    rank: place + 1,
    title: catalogue.title[book] ?? '',
    author: catalogue.author[book] ?? '',
    isbn: catalogue.ids[book] ?? '',
    predicted_rating: round(list.mean[place]),
    uncertainty: round(
      Math.hypot(list.sdReader[place] ?? 0, list.sdBook[place] ?? 0, list.sdNoise[place] ?? 0),
    ),
    confidence_interval: [round(list.low[place]), round(list.high[place])],
  }));
}

const round = (value = 0): number => Math.round(value * 1e4) / 1e4;

function row(entry: Entry): string[] {
  const [low, high] = entry.confidence_interval;
  const rating = `${entry.predicted_rating.toFixed(2)} ± ${entry.uncertainty.toFixed(2)}`;
  const title = entry.author === '' ? entry.title : `${entry.title} (${entry.author})`;
  return [`${entry.rank}`, rating, `${low.toFixed(1)} to ${high.toFixed(1)}`, entry.isbn, title];
}

async function catalogueOf(store: Store, version: string): Promise<Catalogue> {
  const { CATALOGUE_BLOB, decodeCatalogue } = await import('../../store/catalogue-codec.ts');
  const bytes = await store.blob(version, CATALOGUE_BLOB);
  if (bytes !== null) return decodeCatalogue(bytes);
  throw new AppError(
    'STORE_CORRUPT',
    `version ${version} has no catalogue`,
    'Train again, or go back with `bookrec models rollback`.',
  );
}

const unknownReader = (user: string): AppError =>
  new AppError(
    'NOT_FOUND',
    `no reader ${JSON.stringify(user)} in the live version`,
    'The API serves any reader: `bookrec api`, then GET /recommend/ID or POST /recommend.',
  );
