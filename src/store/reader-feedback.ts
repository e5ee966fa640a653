import { z } from 'zod';
import { feedbackKey } from './keys.ts';
import type { Append } from './kv.ts';
import { corrupt } from './store-error.ts';

/** A rating that a reader gave after the data were collected. */
export interface FeedbackRow {
  readonly reader: string;
  /** Id of the book in the catalogue. */
  readonly book: string;
  readonly rating: number;
  /** Seconds since 1970, with fractions: it is compared with the time of an erasure. */
  readonly time: number;
}

/** All feedback of one reader since they were erased last, if ever. */
export interface ReaderFeedback {
  readonly reader: string;
  /** Number of the last change. */
  readonly revision: number;
  /** Number of the erasure: what was known of the reader before is to be forgotten. Null where nobody asked for it. */
  readonly erased: number | null;
  /** In the order in which they were given. */
  readonly ratings: ReadonlyArray<FeedbackRow & { readonly number: number }>;
}

/** A line is `NUMBER JSON`; the store puts the number before it when it writes it. */
const lineSchema = z.union([
  z.strictObject({ u: z.string(), b: z.string(), r: z.number(), t: z.number() }),
  z.strictObject({ u: z.string(), erased: z.number() }),
]);

/** Lines to add to what is stored of the rows' readers. */
export function feedbackLines(rows: readonly FeedbackRow[]): Append['lines'] {
  return rows.map(({ reader, book, rating, time }) => ({
    key: feedbackKey(reader),
    text: JSON.stringify({ u: reader, b: book, r: rating, t: time }),
    replaces: false,
  }));
}

/** The line that takes the place of all that is stored of a reader; the time is in seconds since 1970. */
export function erasureLines(reader: string, time: number): Append['lines'] {
  const text = JSON.stringify({ u: reader, erased: time });
  return [{ key: feedbackKey(reader), text, replaces: true }];
}

/** Whether a version that read feedback up to `read` knows things of the reader that are to be forgotten. */
export function isForgotten({ erased }: ReaderFeedback, read: number): boolean {
  return erased !== null && erased > read;
}

/** Reads what is stored of one reader; throws `STORE_CORRUPT`. */
export function parseFeedback(stored: Uint8Array): ReaderFeedback {
  const ratings: Array<FeedbackRow & { number: number }> = [];
  let erased: number | null = null;
  let erasedAt = 0;
  let reader = '';
  let revision = 0;
  for (const text of Buffer.from(stored).toString('utf8').split('\n')) {
    if (text === '') continue;
    const { number, line } = parseLine(text);
    revision = Math.max(revision, number);
    reader = line.u;
    if ('erased' in line) {
      erased = number;
      erasedAt = line.erased;
    } else ratings.push({ reader, book: line.b, rating: line.r, time: line.t, number });
  }
  // What a server had lost and was sent again comes after what was said later, and after an erasure.
  ratings.sort((a, b) => a.time - b.time || a.number - b.number);
  return { reader, revision, erased, ratings: ratings.filter(({ time }) => time >= erasedAt) };
}

function parseLine(text: string): { number: number; line: z.output<typeof lineSchema> } {
  const [, number = '', json = ''] = /^(\d+) (.*)$/s.exec(text) ?? [];
  try {
    return {
      number: z.coerce.number().int().min(1).parse(number),
      line: lineSchema.parse(JSON.parse(json)),
    };
  } catch (cause) {
    throw corrupt('The stored feedback of a reader is unreadable', cause);
  }
}
