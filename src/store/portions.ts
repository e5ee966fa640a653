/** A stored value with its key. */
export type Entry = readonly [key: string, value: Uint8Array];

/** How much goes to a backend at once. */
export interface PortionLimits {
  readonly entries: number;
  /** A portion ends with the entry that reaches this. */
  readonly bytes: number;
}

/** Cuts entries into consecutive portions within the limits; a portion has at least one entry. */
export function* portions(entries: readonly Entry[], limits: PortionLimits): Generator<Entry[]> {
  let portion: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    portion.push(entry);
    bytes += entry[1].length;
    if (portion.length < limits.entries && bytes < limits.bytes) continue;
    yield portion;
    portion = [];
    bytes = 0;
  }
  if (portion.length > 0) yield portion;
}
