import { type RecommendQuery } from '../contracts/http.ts';
import { POLICIES, type Policy } from '../contracts/policies.ts';
import type { RankedList } from '../model/ranked-list.ts';
import { DEFAULT_CHOICE, type ListChoice } from '../model/recommender.ts';
import { inputOf, type KnownReader } from './known-reader.ts';
import type { LiveVersion } from './live-version.ts';
import type { ApiMetrics } from './metrics.ts';

/** A list with where it comes from. */
export interface ReaderList {
  readonly list: RankedList;
  readonly source: 'personal' | 'fold-in' | 'prior';
}

/** What a client may ask for beside the length of the list. */
type Options = Omit<RecommendQuery, 'top_k' | 'cursor' | 'explain'>;

/** The list of a reader of whom nothing is known. */
export function priorList(version: LiveVersion): ReaderList {
  return { list: version.prior(), source: 'prior' };
}

/**
 * A reader's list, as long as the stored ones: the stored one where that is what was asked for and the reader has said nothing
 * since, else computed anew from all that is known.
 */
export async function readerList(
  version: LiveVersion,
  known: KnownReader,
  options: Options,
  metrics: ApiMetrics,
): Promise<ReaderList> {
  const { record, isAhead } = known;
  const isPlain = !hasOptions(options);
  if (isPlain && !isAhead) {
    return record === null ? priorList(version) : { list: record.list, source: record.source };
  }
  const allowed = await allowedBooks(version, options);
  const reader = inputOf(version, known);
  const stop = metrics.foldInSeconds.startTimer();
  const { listLength } = version.manifest;
  const choice = choiceOf(version, options);
  const list = version.recommender.recommend(reader, listLength, choice, allowed);
  stop();
  if (isAhead) return { list, source: 'fold-in' };
  return { list, source: reader.ratedBook.length > 0 ? 'personal' : 'prior' };
}

function hasOptions({ seed: _, ...options }: Options): boolean {
  return Object.values(options).some((value) => value !== undefined);
}

function choiceOf({ manifest }: LiveVersion, options: Options): ListChoice {
  const { policy, seed, max_per_author, author } = options;
  // Where one author is asked for there is no limit to keep.
  const most = author === undefined ? (max_per_author ?? DEFAULT_CHOICE.maxPerAuthor) : 10;
  return { policy: policy ?? trainedPolicy(manifest.policy), seed, maxPerAuthor: most };
}

/** Versions of other releases may name a policy that this one does not know. */
function trainedPolicy(name: string): Policy {
  return POLICIES.find((policy) => policy === name) ?? DEFAULT_CHOICE.policy;
}

/** 1 for each book that passes the filters; undefined without a filter. */
async function allowedBooks(
  version: LiveVersion,
  { min_year, max_year, author, exclude }: Options,
): Promise<Uint8Array | undefined> {
  const { year, ids } = version.catalogue;
  const byYear = min_year !== undefined || max_year !== undefined;
  if (!byYear && author === undefined && exclude === undefined) return undefined;
  const allowed = new Uint8Array(ids.length);
  if (author === undefined) allowed.fill(1);
  else for (const book of (await version.shelf()).booksBy(author)) allowed[book] = 1;
  for (const isbn of exclude ?? []) {
    const book = version.bookIndex(isbn);
    if (book !== undefined) allowed[book] = 0;
  }
  if (!byYear) return allowed;
  return allowed.map((may, book) => {
    const of = year[book] ?? 0;
    const isWithin = of !== 0 && of >= (min_year ?? 1) && of <= (max_year ?? Infinity);
    return isWithin ? may : 0;
  });
}
