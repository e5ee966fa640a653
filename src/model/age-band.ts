/** Youngest and oldest age taken as meant (docs/data.md). */
const MIN_AGE = 8;
const MAX_AGE = 90;
const WIDTH = 8;

/** Label of the age's band, such as `24-31`, or null where the age is missing or impossible. */
export function ageBand(age: number): string | null {
  if (!Number.isFinite(age) || age < MIN_AGE || age > MAX_AGE) return null;
  const start = Math.floor(age / WIDTH) * WIDTH;
  return `${String(start)}-${String(start + WIDTH - 1)}`;
}
