import type { HostArray } from "../backend.ts";

/**
 * The cost of one class number a row, from scores: loss = log Σ_k e^(x_k − m) − (x_label − m), with m the row's maximum; that is
 * −log softmax(x)_label. A label that names no class gives NaN.   x [rows, n] → losses, maxima m, sums Σ_k e^(x_k − m), each [rows].
 */
export function crossEntropy(
  x: HostArray,
  labels: HostArray,
  losses: HostArray,
  maxima: HostArray,
  sums: HostArray,
  rows: number,
  n: number,
): void {
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * n, (r + 1) * n);
    let m = Number.NEGATIVE_INFINITY;
    for (const value of row) m = Math.max(m, value);
    let sum = 0;
    for (const value of row) sum += Math.exp(value - m);
    maxima[r] = m;
    sums[r] = sum;
    losses[r] = Math.log(sum) - (scoreOf(row, labels[r]!) - m);
  }
}

/** dx_k = (e^(x_k − m) / Σ − [k = label]) · dLoss, NaN in a row whose label names no class. */
export function crossEntropyGradient(
  x: HostArray,
  labels: HostArray,
  maxima: HostArray,
  sums: HostArray,
  dLosses: HostArray,
  dx: HostArray,
  rows: number,
  n: number,
): void {
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * n, (r + 1) * n);
    const known = Number.isNaN(scoreOf(row, labels[r]!)) ? Number.NaN : 1;
    for (let k = 0; k < n; k++) {
      const p = Math.exp(row[k]! - maxima[r]!) / sums[r]!;
      dx[r * n + k] = (p - (k === labels[r] ? 1 : 0)) * dLosses[r]! * known;
    }
  }
}

/** The score of the class that `label` names, NaN when it names none. */
function scoreOf(row: HostArray, label: number): number {
  return row[label] ?? Number.NaN;
}
