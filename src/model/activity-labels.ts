/** Label of a number of ratings: half octaves of 1 + count. */
export function ratingCountLabel(count: number): string {
  return String(Math.round(2 * Math.log2(1 + count)));
}

/** Label of the share of interactions without a rating, in tenths; `none` without any. */
export function unratedShareLabel(unrated: number, ratings: number): string {
  return unrated === 0 ? 'none' : String(Math.round((10 * unrated) / (unrated + ratings + 1)));
}
