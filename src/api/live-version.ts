import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import type { Manifest } from '../contracts/manifest.ts';
import { canonicalBookId } from '../model/isbn.ts';
import type { RankedList } from '../model/ranked-list.ts';
import { NOTHING_KNOWN, type Recommender } from '../model/recommender.ts';
import type { BookCounts } from '../store/book-counts-codec.ts';
import type { Catalogue } from '../store/catalogue-codec.ts';
import { AnswerMemory } from './answer-memory.ts';
import { Shelf } from './shelf.ts';

/** Memory for encoded answers, which are about 3 kB each. */
const ANSWER_BYTES = 48 * 1024 * 1024;

/**
 * Pause after each ms of work on a shelf that nobody waits for: requests wait for a ms at most, and for two seconds or so, rather than
 * fewer of them for much longer, since what the work leaves to the collector costs them more than the work.
 */
const REST_MS = 1;

/** One published version in memory. Nothing in it changes but what it caches. */
export class LiveVersion {
  readonly id: string;
  readonly manifest: Manifest;
  readonly catalogue: Catalogue;
  readonly recommender: Recommender;
  /** Ratings by book; null for versions that were made without them. */
  readonly counts: BookCounts | null;
  /** Answers end with the version. */
  readonly answers = new AnswerMemory(ANSWER_BYTES);
  readonly #indexOfBook: ReadonlyMap<string, number>;
  #prior: RankedList | null = null;
  #shelf: Promise<Shelf> | null = null;
  #isWaitedFor = false;

  constructor(
    manifest: Manifest,
    catalogue: Catalogue,
    recommender: Recommender,
    counts: BookCounts | null,
  ) {
    this.id = manifest.version;
    this.manifest = manifest;
    this.catalogue = catalogue;
    this.recommender = recommender;
    this.counts = counts;
    this.#indexOfBook = new Map(catalogue.ids.map((id, index) => [id, index]));
  }

  /** Catalogue index of a book by its id as the data have it, or by any spelling of its ISBN. */
  bookIndex(id: string): number | undefined {
    return this.#indexOfBook.get(id.trim()) ?? this.#indexOfBook.get(canonicalBookId(id));
  }

  /** Orders of the books and the search among them. */
  shelf(): Promise<Shelf> {
    this.#isWaitedFor = true;
    return this.#built();
  }

  /**
   * Makes beforehand what requests would wait for: the prior's list at once, the shelf a little at a time, so that nobody who
   * asks for something else notices. An error is left to the request that needs it.
   */
  prepare(): void {
    this.prior();
    this.#built().catch(() => undefined);
  }

  #built(): Promise<Shelf> {
    this.#shelf ??= Shelf.build(this, () =>
      this.#isWaitedFor ? nextTurn() : pause(REST_MS, undefined, { ref: false }),
    );
    return this.#shelf;
  }

  /** The list of a reader of whom nothing is known, as long as the stored lists. */
  prior(): RankedList {
    this.#prior ??= this.recommender.recommend(NOTHING_KNOWN, this.manifest.listLength);
    return this.#prior;
  }
}
