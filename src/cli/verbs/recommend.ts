import type { RankedList } from '../../model/ranked-list.ts';
import { NOTHING_KNOWN } from '../../model/recommender.ts';
import { AppError } from '../../runtime/errors.ts';
import type { Catalogue } from '../../store/catalogue-codec.ts';
import type { ReaderRecord, Store } from '../../store/store.ts';
import { table } from '../output.ts';
import { defineVerb } from '../verb.ts';
import { liveVersion, STORE_KEYS, withStore } from '../with-store.ts';

export const recommend = defineVerb({
  name: 'recommend',
  summary: "Show a reader's published recommendations, or what the prior says for anybody else",
  operands: ['<user>'],
  settings: [...STORE_KEYS, 'topK'],
  run: ({ settings, operands: [user = ''], output }) =>
    withStore(settings, async (store) => {
      const version = await liveVersion(store);
      const catalogue = await catalogueOf(store, version);
      const known = await store.reader(version, user);
      const { list, source } = known ?? (await priorOf(store, version));
      const books = entries(list, catalogue, settings.topK);
      const notes = notesOf(known === null ? user : null, settings.topK, list.book.length);
      output.show(
        {
          user_id: user,
          model_version: version,
          source,
          recommendations: books,
          ...(notes.length > 0 ? { note: notes.join(' ') } : {}),
        },
        () =>
          [
            table([
              ['#', 'RATING', '95 % INTERVAL', 'INTEREST', 'ISBN', 'TITLE'],
              ...books.map(row),
            ]),
            ...notes,
          ].join('\n'),
      );
    }),
});

async function catalogueOf(store: Store, version: string): Promise<Catalogue> {
  const { CATALOGUE_BLOB, decodeCatalogue } = await import('../../store/catalogue-codec.ts');
  return decodeCatalogue(await blobOf(store, version, CATALOGUE_BLOB));
}

/** The list of a reader of whom nothing is known, as long as the stored ones. */
async function priorOf(
  store: Store,
  version: string,
): Promise<Pick<ReaderRecord, 'list' | 'source'>> {
  const { MODEL_BLOB, versionCodec } = await import('../../store/model-codec.ts');
  const manifest = await store.manifest(version);
  if (manifest === null) throw missing(version, 'manifest');
  const recommender = versionCodec.model(await blobOf(store, version, MODEL_BLOB));
  return { source: 'prior', list: recommender.recommend(NOTHING_KNOWN, manifest.listLength) };
}

function notesOf(unknownUser: string | null, topK: number, available: number): string[] {
  const notes: string[] = [];
  if (unknownUser !== null) {
    notes.push(
      `No reader ${JSON.stringify(unknownUser)} in the live version: these are the books of the prior.`,
    );
  }
  if (topK > available) notes.push(`Only ${available} books are available.`);
  return notes;
}

/** One recommendation, with the field names of the API. */
interface Entry {
  readonly rank: number;
  readonly title: string;
  readonly author: string;
  readonly isbn: string;
  readonly predicted_rating: number;
  readonly uncertainty: number;
  readonly confidence_interval: readonly [low: number, high: number];
  readonly interest: number;
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
    interest: Number((list.interest[place] ?? 0).toPrecision(4)),
  }));
}

const round = (value = 0): number => Math.round(value * 1e4) / 1e4;

function row(entry: Entry): string[] {
  const [low, high] = entry.confidence_interval;
  const rating = `${entry.predicted_rating.toFixed(2)} ± ${entry.uncertainty.toFixed(2)}`;
  const interest = `${(100 * entry.interest).toFixed(2)} %`;
  const title = entry.author === '' ? entry.title : `${entry.title} (${entry.author})`;
  return [
    `${entry.rank}`,
    rating,
    `${low.toFixed(1)} to ${high.toFixed(1)}`,
    interest,
    entry.isbn,
    title,
  ];
}

async function blobOf(store: Store, version: string, name: string): Promise<Uint8Array> {
  const bytes = await store.blob(version, name);
  if (bytes === null) throw missing(version, name);
  return bytes;
}

const missing = (version: string, what: string): AppError =>
  new AppError(
    'STORE_CORRUPT',
    `version ${version} has no ${what}`,
    'Train again, or go back with `bookrec models rollback`.',
  );
