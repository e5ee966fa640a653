import { z } from 'zod';

/** One place in a file that shows what a finding is about. */
export const exampleSchema = z.object({
  file: z.string(),
  /** 1-based; the last line of a record that spans several. */
  line: z.number().int(),
  text: z.string(),
});

/** One kind of thing that ingest met, with its first examples. */
export const findingSchema = z.object({
  kind: z.string(),
  /**
   * `repaired`: used after a change; `unknown`: the value counts as missing;
   * `set-aside`: the row is not used; `noted`: used as it stands.
   */
  action: z.enum(['repaired', 'unknown', 'set-aside', 'noted']),
  count: z.number().int(),
  examples: z.array(exampleSchema),
});

/** One file that was read. */
export const dataFileSchema = z.object({
  role: z.enum(['ratings', 'books', 'readers']),
  name: z.string(),
  /** Size on disk. */
  bytes: z.number().int(),
  gzip: z.boolean(),
  rows: z.number().int(),
  /** Rows that could not be used because something in them is wrong. */
  badRows: z.number().int(),
});

/** One family of labels as it came out. */
export const familyReportSchema = z.object({
  side: z.enum(['readers', 'books']),
  name: z.string(),
  labels: z.number().int(),
  /** Readers or books with at least one label. */
  labelled: z.number().int(),
  /** Labels seen too seldom to stand for themselves, and how often they were seen. */
  pooledLabels: z.number().int(),
  pooledUses: z.number().int(),
});

/** What ingest read, repaired and set aside. */
export const dataReportSchema = z.object({
  format: z.string(),
  levels: z.array(z.number()),
  files: z.array(dataFileSchema),
  counts: z.object({
    readers: z.number().int(),
    /** Readers with at least one rating. */
    readersWithRatings: z.number().int(),
    books: z.number().int(),
    /** Rows of the catalogue; two spellings of one ISBN are two rows and one listed book. */
    catalogueRows: z.number().int(),
    listedBooks: z.number().int(),
    ratings: z.number().int(),
    /** Share of the ratings that are of a listed book. */
    ratingsOfListedBooks: z.number(),
    interactions: z.number().int(),
  }),
  findings: z.array(findingSchema),
  families: z.array(familyReportSchema),
  contentHash: z.string(),
});

export type Finding = z.infer<typeof findingSchema>;
export type DataFile = z.infer<typeof dataFileSchema>;
export type FamilyReport = z.infer<typeof familyReportSchema>;
export type DataReport = z.infer<typeof dataReportSchema>;
