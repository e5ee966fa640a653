import type { InterestModel } from './interest-model.ts';

/** Standard normal quantile of the ends of a 95 % interval. */
const Z = 1.959963984540054;

/** A book that readers of another one have met. */
export interface SimilarBook {
  readonly book: number;
  /** Readers who met both. */
  readonly common: number;
  /** k / sqrt(n_i n_j) with its 95 % interval: k readers in common, n_i and n_j readers. */
  readonly similarity: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Listed books tied to a book, those first that are surely similar: by the lower end of the Wilson interval of k of
 * sqrt(n_i n_j), so that the few readers of a book do not make it a close neighbour. Each work once and never the book's own. Null where
 * the model does not know k.
 */
export function similarBooks(
  { ties, popularity, works }: InterestModel,
  book: number,
  count: number,
): SimilarBook[] | null {
  const { start, book: tied, common } = ties;
  if (common === null) return null;
  const found: SimilarBook[] = [];
  for (let t = start[book]; t < start[book + 1]; t++) {
    const readers = Math.max(common[t], Math.sqrt(popularity[book] * popularity[tied[t]]));
    found.push({ book: tied[t], common: common[t], ...wilson(common[t], readers) });
  }
  found.sort((a, b) => b.low - a.low || a.book - b.book);
  const taken = new Set([works.edition[book]]);
  const fresh = found.filter((other) => {
    const work = works.edition[other.book];
    return !taken.has(work) && taken.add(work);
  });
  return fresh.slice(0, count);
}

/** Wilson's interval of a share of `hits` in `trials`. */
function wilson(hits: number, trials: number): Pick<SimilarBook, 'similarity' | 'low' | 'high'> {
  const share = hits / trials;
  const z2 = (Z * Z) / trials;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials))) / (1 + z2);
  return { similarity: share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
