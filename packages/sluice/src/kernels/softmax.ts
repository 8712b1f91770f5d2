import { expV, logV } from "./math";
import { firstLanes, loadUpTo, maxLanes, select, storeUpTo, sumLanes } from "./simd";

// Softmax over rows, forward and backward. Equations: backend/reference/softmax.ts.

/** The largest number of the row; a NaN is passed over, it shows in the sum. */
export function rowMaximum(x: usize, n: i32): f32 {
  const lowest = f32x4.splat(-Infinity);
  let m0 = lowest;
  let m1 = lowest;
  let i = 0;
  for (; i + 8 <= n; i += 8, x += 32) {
    m0 = f32x4.pmax(m0, v128.load(x));
    m1 = f32x4.pmax(m1, v128.load(x, 16));
  }
  for (; i < n; i += 4, x += 16) m0 = f32x4.pmax(m0, select(firstLanes(n - i), v128.load(x), lowest));
  return maxLanes(f32x4.pmax(m0, m1));
}

/** out [n] = e^(x − m); their sum is returned. */
function exponentials(x: usize, out: usize, n: i32, m: f32): f32 {
  const shift = f32x4.splat(m);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let i = 0;
  for (; i + 8 <= n; i += 8, x += 32, out += 32) {
    const e0 = expV(f32x4.sub(v128.load(x), shift));
    const e1 = expV(f32x4.sub(v128.load(x, 16), shift));
    v128.store(out, e0);
    v128.store(out, e1, 16);
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
  }
  for (; i < n; i += 4, x += 16, out += 16) {
    const e = expV(f32x4.sub(v128.load(x), shift));
    storeUpTo(out, e, n - i);
    s0 = f32x4.add(s0, v128.and(e, firstLanes(n - i)));
  }
  return sumLanes(f32x4.add(s0, s1));
}

/** x [rows, n] → out [rows, n]. */
export function softmax(x: usize, out: usize, rows: i32, n: i32): void {
  for (let row = 0; row < rows; row++, x += n << 2, out += n << 2) {
    const total = f32x4.splat(exponentials(x, out, n, rowMaximum(x, n)));
    for (let i = 0, at = out; i < n; i += 4, at += 16) storeUpTo(at, f32x4.div(v128.load(at), total), n - i);
  }
}

/** x [rows, n] → out [rows, n], the logarithm of the above. */
export function logSoftmax(x: usize, out: usize, rows: i32, n: i32): void {
  for (let row = 0; row < rows; row++, x += n << 2, out += n << 2) {
    const m = rowMaximum(x, n);
    const shift = f32x4.splat(m);
    const logTotal = logV(f32x4.splat(exponentials(x, out, n, m)));
    for (let i = 0, from = x, to = out; i < n; i += 4, from += 16, to += 16) {
      storeUpTo(to, f32x4.sub(f32x4.sub(v128.load(from), shift), logTotal), n - i);
    }
  }
}

/** dx = y ⊙ (dy − Σ dy ⊙ y). */
export function softmaxGradient(y: usize, dy: usize, dx: usize, rows: i32, n: i32): void {
  for (let row = 0; row < rows; row++, y += n << 2, dy += n << 2, dx += n << 2) {
    let s = f32x4.splat(0);
    for (let i = 0; i < n; i += 4) {
      s = f32x4.add(s, v128.and(f32x4.mul(v128.load(y + (i << 2)), v128.load(dy + (i << 2))), firstLanes(n - i)));
    }
    const total = f32x4.splat(sumLanes(s));
    for (let i = 0; i < n; i += 4) {
      const at = i << 2;
      storeUpTo(dx + at, f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), total)), n - i);
    }
  }
}

/** dx = dy − e^y Σ dy. */
export function logSoftmaxGradient(y: usize, dy: usize, dx: usize, rows: i32, n: i32): void {
  for (let row = 0; row < rows; row++, y += n << 2, dy += n << 2, dx += n << 2) {
    let s = f32x4.splat(0);
    for (let i = 0; i < n; i += 4) s = f32x4.add(s, loadUpTo(dy + (i << 2), n - i));
    const total = f32x4.splat(sumLanes(s));
    for (let i = 0; i < n; i += 4) {
      const at = i << 2;
      storeUpTo(dx + at, f32x4.sub(v128.load(dy + at), f32x4.mul(expV(v128.load(y + at)), total)), n - i);
    }
  }
}
