/** Digits that tell two sweeps apart; records keep all of them. */
const DIGITS = 7;

/** Figures as they are logged, with 7 significant digits; null stays null. */
export function rounded(
  figures: Readonly<Record<string, number | null>>,
): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      value === null ? null : Number(value.toPrecision(DIGITS)),
    ]),
  );
}
