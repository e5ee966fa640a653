/** ln Gamma(x) for x > 0; Lanczos (g = 7, n = 9), relative error below 1e-14. */
export function lnGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const y = x - 1;
  let sum = 0.99999999999980993;
  for (let i = 0; i < LANCZOS.length; i++) sum += LANCZOS[i] / (y + i + 1);
  const t = y + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (y + 0.5) * Math.log(t) - t + Math.log(sum);
}

const LANCZOS = Float64Array.of(
  676.5203681218851,
  -1259.1392167224028,
  771.32342877765313,
  -176.61502916214059,
  12.507343278686905,
  -0.13857109526572012,
  9.9843695780195716e-6,
  1.5056327351493116e-7,
);

/** Digamma(x) for x > 0: recurrence to x >= 6, then the asymptotic series (error below 1e-12). */
export function digamma(x: number): number {
  let shift = 0;
  let y = x;
  while (y < 8) {
    shift -= 1 / y;
    y += 1;
  }
  const r = 1 / (y * y);
  const series = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132)))));
  return shift + Math.log(y) - 0.5 / y - series;
}

/** Trigamma(x) for x > 0, the derivative of digamma. */
export function trigamma(x: number): number {
  let shift = 0;
  let y = x;
  while (y < 8) {
    shift += 1 / (y * y);
    y += 1;
  }
  const r = 1 / (y * y);
  const series = 1 / 6 - r * (1 / 30 - r * (1 / 42 - r * (1 / 30 - r * (5 / 66))));
  return shift + 1 / y + 0.5 * r + (series * r) / y;
}

/** ln Gamma_d(x), the multivariate gamma function of order d. */
export function lnMultiGamma(x: number, d: number): number {
  let sum = (d * (d - 1) * Math.log(Math.PI)) / 4;
  for (let j = 0; j < d; j++) sum += lnGamma(x - j / 2);
  return sum;
}

/** Standard normal density. */
export function normalPdf(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/** Standard normal distribution function; W. J. Cody's rational approximations, absolute error below 1e-15. */
export function normalCdf(z: number): number {
  const a = Math.abs(z);
  if (a < 0.66291) return 0.5 + z * ratio(z * z, CODY_A, CODY_B);
  if (a > 38) return z > 0 ? 1 : 0;
  const tail = a < Math.sqrt(32) ? ratio(a, CODY_C, CODY_D) : farTail(a);
  const p = Math.exp(-0.5 * a * a) * tail;
  return z > 0 ? 1 - p : p;
}

function farTail(a: number): number {
  const r = 1 / (a * a);
  return (1 / Math.sqrt(2 * Math.PI) - r * ratio(r, CODY_P, CODY_Q)) / a;
}

/** Polynomial quotient, coefficients from the highest power down; the denominator's leading 1 is implied. */
function ratio(x: number, numerator: Float64Array, denominator: Float64Array): number {
  let top = numerator[0];
  let bottom = 1;
  for (let i = 1; i < numerator.length; i++) top = top * x + numerator[i];
  for (const coefficient of denominator) bottom = bottom * x + coefficient;
  return top / bottom;
}

const CODY_A = Float64Array.of(
  0.065682337918207449113,
  2.2352520354606839287,
  161.02823106855587881,
  1067.6894854603709582,
  18154.981253343561249,
);
const CODY_B = Float64Array.of(
  47.20258190468824187,
  976.09855173777669322,
  10260.932208618978205,
  45507.789335026729956,
);
const CODY_C = Float64Array.of(
  1.0765576773720192317e-8,
  0.39894151208813466764,
  8.8831497943883759412,
  93.506656132177855979,
  597.27027639480026226,
  2494.5375852903726711,
  6848.1904505362823326,
  11602.651437647350124,
  9842.7148383839780218,
);
const CODY_D = Float64Array.of(
  22.266688044328115691,
  235.38790178262499861,
  1519.377599407554805,
  6485.558298266760755,
  18615.571640885098091,
  34900.952721145977266,
  38912.003286093271411,
  19685.429676859990727,
);
const CODY_P = Float64Array.of(
  0.02307344176494017303,
  0.21589853405795699,
  0.1274011611602473639,
  0.022235277649142739,
  0.001421619193227893466,
  2.9112874951168792e-5,
);
const CODY_Q = Float64Array.of(
  1.28426009614491121,
  0.468238212480865118,
  0.0659881378689285515,
  0.00378239633202758244,
  7.29751555083966205e-5,
);
