/** Bands of how many ratings of a reader or book are known: fewest ratings of each, ascending from 0. */
export const ACTIVITY_BANDS = Int32Array.of(0, 1, 3, 10);

/** Band of a number of ratings: the last that it reaches. */
export function bandOf(bands: Int32Array, ratings: number): number {
  let band = 0;
  while (band + 1 < bands.length && bands[band + 1] <= ratings) band++;
  return band;
}

/** `0`, `1-2` up to `10+`. */
export function bandName(bands: Int32Array, band: number): string {
  const from = bands[band];
  if (band + 1 === bands.length) return `${from}+`;
  const to = bands[band + 1] - 1;
  return from === to ? `${from}` : `${from}-${to}`;
}
