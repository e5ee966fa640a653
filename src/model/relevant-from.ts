/** Least level that makes a book relevant: the first one at 70 % of the scale's span or above. */
export function relevantFrom(levels: Float64Array): number {
  const low = levels[0];
  const high = levels[levels.length - 1];
  // The slack keeps a level that is exactly there from being lost to rounding.
  const least = low + 0.7 * (high - low) - 1e-9 * (high - low);
  return levels.find((level) => level >= least) ?? high;
}
