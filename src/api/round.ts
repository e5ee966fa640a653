/** A number as answers show it: four decimals. */
export function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
