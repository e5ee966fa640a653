/** Encoded records of readers `from ..`, one after the other: a message of two buffers, whatever the number of readers. */
export interface PackedRecords {
  readonly from: number;
  /** Length of each record. */
  readonly lengths: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Joins the records of readers from `from` on. */
export function packRecords(from: number, records: readonly Uint8Array[]): PackedRecords {
  const lengths = Uint32Array.from(records, (record) => record.length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length;
  }
  return { from, lengths, bytes };
}

/** The records again, as views. */
export function unpackRecords({ lengths, bytes }: PackedRecords): Uint8Array[] {
  let to = 0;
  return Array.from(lengths, (length) => bytes.subarray(to, (to += length)));
}
