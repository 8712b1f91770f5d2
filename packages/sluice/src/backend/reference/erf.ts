/** 2/√π · Σ 2ᵏ x²ᵏ⁺¹ / (1·3·5…(2k+1)) · e^(−x²): all terms of one sign, so nothing cancels [Abramowitz & Stegun 1964, 7.1.6]. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; Math.abs(term) > Number.EPSILON * 0.01 * Math.abs(sum); k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** e^(−x²)/√π · 1/(x + ½/(x + 1/(x + 3⁄2/(x + 2/(x + …))))) for x ≥ 1.5, from the inside out [Abramowitz & Stegun 1964, 7.1.14]. */
function erfcFraction(x: number): number {
  const DEPTH = 100; // at x = 1.5 the fraction has settled to 1 ulp after about 70 levels
  let fraction = x;
  for (let k = DEPTH; k >= 1; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * fraction);
}

/**
 * The complementary error function 1 − erf(x), to float64 accuracy in relative terms, also far out where it is tiny.
 * NaN gives NaN; ∞ gives 0, −∞ gives 2.
 */
export function erfc(x: number): number {
  if (x === Number.POSITIVE_INFINITY) return 0;
  if (x >= 1.5) return erfcFraction(x);
  if (x <= -1.5) return 2 - erfc(-x);
  return 1 - erfSeries(x);
}
