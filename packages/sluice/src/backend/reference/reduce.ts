import type { HostArray } from "../backend.ts";
import type { ReduceName } from "../kernels.ts";

/** x [outer, n, inner] → out [outer, inner]. */
export function reduce(name: ReduceName, x: HostArray, out: HostArray, outer: number, n: number, inner: number): void {
  const fold = FOLDS[name];
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) out[o * inner + i] = fold(x, o * n * inner + i, inner, n);
  }
}

/** The terms are x[start + k·stride], k < n. */
type Fold = (x: HostArray, start: number, stride: number, n: number) => number;

/**
 * Pairwise: halves are summed apart, so the rounding error grows with log n and not with n
 * [Higham 1993, doi:10.1137/0914050].
 */
const pairwiseSum: Fold = (x, start, stride, n) => {
  if (n > 8) {
    const half = n >> 1;
    return pairwiseSum(x, start, stride, half) + pairwiseSum(x, start + half * stride, stride, n - half);
  }
  let sum = 0;
  for (let k = 0; k < n; k++) sum += x[start + k * stride]!;
  return sum;
};

const FOLDS: Readonly<Record<ReduceName, Fold>> = {
  sum: pairwiseSum,
  max(x, start, stride, n) {
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < n; k++) max = Math.max(max, x[start + k * stride]!);
    return max;
  },
  min(x, start, stride, n) {
    let min = Number.POSITIVE_INFINITY;
    for (let k = 0; k < n; k++) min = Math.min(min, x[start + k * stride]!);
    return min;
  },
};
