import { studentT } from "./student-t.ts";

/** Whether one method's losses are lower than another's beyond chance. */
export interface LossComparison {
  /** Mean of (first − second) over the origins that both have scored; below 0 the first is better. */
  difference: number;
  origins: number;
  /** Share of those origins where the first has the lower loss; ties count half. */
  winShare: number;
  /** Two-sided; null when there are too few origins to tell. */
  pValue: number | null;
}

/**
 * Diebold–Mariano test of equal accuracy [Diebold & Mariano 1995, doi:10.1080/07350015.1995.10524599] with the small-sample correction
 * of [Harvey, Leybourne & Newbold 1997, doi:10.1016/S0169-2070(96)00719-4], Student's t with n − 1 degrees of freedom:
 *
 *     d_t = a_t − b_t     V = γ_0 + 2 Σ_(k<h) γ_k     DM = d̄ / √(V/n) · √((n + 1 − 2h + h (h − 1) / n) / n)
 *
 * `overlap` h is how many successive origins share a row of their horizons (horizon ÷ origin stride, rounded up). Where V is not positive,
 * Bartlett weights 1 − k/h stand in, which never give a negative value. With `series` (the series of each origin, in order)
 * autocovariances stop at its borders, and series are taken as independent of each other.
 * Fewer than 8 origins, or fewer than 3 h, are too few: pValue null.
 */
export function compareLosses(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  { overlap, series }: { overlap: number; series?: ArrayLike<number> },
): LossComparison {
  if (first.length !== second.length) {
    throw new RangeError(
      `Cannot compare ${first.length} losses with ${second.length}: both methods must be scored on the same origins, in the same order.`,
    );
  }
  const d: number[] = [];
  const group: number[] = [];
  let wins = 0;
  for (let o = 0; o < first.length; o++) {
    const step = (first[o] as number) - (second[o] as number);
    if (!Number.isFinite(step)) continue;
    d.push(step);
    group.push(series?.[o] ?? 0);
    wins += step < 0 ? 1 : step === 0 ? 0.5 : 0;
  }
  const n = d.length;
  const difference = d.reduce((sum, step) => sum + step, 0) / n;
  const h = Math.max(1, Math.floor(overlap));
  const result = { difference, origins: n, winShare: wins / n };
  if (n < 8 || n < 3 * h) return { ...result, pValue: null };
  const variance = longRunVariance(d, group, difference, h);
  if (variance === 0) return { ...result, pValue: difference === 0 ? 1 : 0 };
  const correction = (n + 1 - 2 * h + (h * (h - 1)) / n) / n;
  return { ...result, pValue: studentT((difference / Math.sqrt(variance / n)) * Math.sqrt(correction), n - 1) };
}

function longRunVariance(d: readonly number[], group: readonly number[], mean: number, h: number): number {
  const n = d.length;
  const covariance = Array.from({ length: h }, (_, k) => {
    let sum = 0;
    for (let t = k; t < n; t++) {
      if (group[t] === group[t - k]) sum += ((d[t] as number) - mean) * ((d[t - k] as number) - mean);
    }
    return sum / n;
  });
  const total = (weight: (k: number) => number) =>
    covariance.reduce((sum, value, k) => sum + (k === 0 ? 1 : 2 * weight(k)) * value, 0);
  const plain = total(() => 1);
  return plain > 0
    ? plain
    : Math.max(
        0,
        total((k) => 1 - k / h),
      );
}
