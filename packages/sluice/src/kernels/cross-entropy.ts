import { expV, logV } from "./math";
import { firstLanes, storeUpTo, sumLanes } from "./simd";
import { rowMaximum } from "./softmax";

// The cost of one class number a row, from scores: softmax and its logarithm in one pass, with nothing of size [rows, n]
// between. Equations: backend/reference/cross-entropy.ts.

/** Σ e^(x − m) over a row. */
function sumExponentials(x: usize, n: i32, m: f32): f32 {
  const shift = f32x4.splat(m);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let i = 0;
  for (; i + 8 <= n; i += 8, x += 32) {
    s0 = f32x4.add(s0, expV(f32x4.sub(v128.load(x), shift)));
    s1 = f32x4.add(s1, expV(f32x4.sub(v128.load(x, 16), shift)));
  }
  for (; i < n; i += 4, x += 16) s0 = f32x4.add(s0, v128.and(expV(f32x4.sub(v128.load(x), shift)), firstLanes(n - i)));
  return sumLanes(f32x4.add(s0, s1));
}

/** Whether the label names one of n classes. */
@inline
function isClass(label: f32, n: i32): bool {
  return label >= 0 && label < <f32>n && label == floor<f32>(label);
}

/** The place of the score of the class that `label` names. */
@inline
function scoreAt(x: usize, label: f32): usize {
  return x + (<usize>label << 2);
}

/** losses [rows] = log Σ e^x − x_label; NaN for a label that names no class. */
export function crossEntropy(x: usize, labels: usize, losses: usize, maxima: usize, sums: usize, rows: i32, n: i32): void {
  for (let row = 0; row < rows; row++, x += n << 2) {
    const at = row << 2;
    const m = rowMaximum(x, n);
    const sum = sumExponentials(x, n, m);
    const label = f32.load(labels + at);
    f32.store(maxima + at, m);
    f32.store(sums + at, sum);
    const logSum = f32x4.extract_lane(logV(f32x4.splat(sum)), 0);
    f32.store(losses + at, isClass(label, n) ? logSum - (f32.load(scoreAt(x, label)) - m) : NaN);
  }
}

/** dx [rows, n] = (e^(x − m) / sum − [k = label]) · dLosses. */
export function crossEntropyGradient(
  x: usize, labels: usize, maxima: usize, sums: usize, dLosses: usize, dx: usize, rows: i32, n: i32,
): void {
  for (let row = 0; row < rows; row++, x += n << 2, dx += n << 2) {
    const at = row << 2;
    const label = f32.load(labels + at);
    const known = isClass(label, n);
    const d: f32 = known ? f32.load(dLosses + at) : NaN;
    const shift = f32x4.splat(f32.load(maxima + at));
    const factor = f32x4.splat(d / f32.load(sums + at));
    let i = 0;
    for (; i + 8 <= n; i += 8) {
      const to = i << 2;
      const e0 = expV(f32x4.sub(v128.load(x + to), shift));
      const e1 = expV(f32x4.sub(v128.load(x + to, 16), shift));
      v128.store(dx + to, f32x4.mul(e0, factor));
      v128.store(dx + to, f32x4.mul(e1, factor), 16);
    }
    for (; i < n; i += 4) {
      const to = i << 2;
      storeUpTo(dx + to, f32x4.mul(expV(f32x4.sub(v128.load(x + to), shift)), factor), n - i);
    }
    if (known) f32.store(scoreAt(dx, label), f32.load(scoreAt(dx, label)) - d);
  }
}
