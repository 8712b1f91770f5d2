import { DEPTH_BLOCK } from "./matmul-tile";
import { fma, storeUpTo, sumLanes } from "./simd";

// Products with a vector. They are bound by reading the matrix, which therefore is read where it lies, in its own order.

/** Columns whose sums stay in the first-level cache. */
const SPAN: i32 = 4096;

/**
 * out [N] (+)= a [K] · b [K, N], rows of b contiguous; the same chains as the tiles'. scratch: SPAN numbers.
 */
export function rowProduct(
  a: usize, aStep: usize, b: usize, bRow: usize, out: usize, N: i32, K: i32, accumulate: bool, scratch: usize,
): void {
  for (let j = 0; j < N; j += SPAN) {
    const columns = min(SPAN, N - j);
    const to = out + (<usize>j << 2);
    for (let k = 0; k < K; k += DEPTH_BLOCK) {
      const depth = min(DEPTH_BLOCK, K - k);
      const sums = accumulate || k > 0 ? scratch : to;
      const matrix = b + <usize>k * bRow + (<usize>j << 2);
      memory.fill(sums, 0, <usize>columns << 2);
      rowBlock(a + <usize>k * aStep, aStep, matrix, bRow, sums, columns, depth);
      if (sums != to) addSpan(sums, to, columns);
    }
  }
}

function addSpan(sums: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4, sums += 16, out += 16) {
    storeUpTo(out, f32x4.add(v128.load(out), v128.load(sums)), n - i);
  }
}

/** sums [columns] += a [depth] · b, four rows of b at a time. */
function rowBlock(a: usize, aStep: usize, b: usize, bRow: usize, sums: usize, columns: i32, depth: i32): void {
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    addRows(a, aStep, b, bRow, sums, columns);
    a += aStep * 4;
    b += bRow * 4;
  }
  for (; k < depth; k++) {
    const a0 = v128.load32_splat(a);
    for (let j = 0; j < columns; j += 4) {
      const at = <usize>j << 2;
      storeUpTo(sums + at, fma(a0, v128.load(b + at), v128.load(sums + at)), columns - j);
    }
    a += aStep;
    b += bRow;
  }
}

function addRows(a: usize, aStep: usize, b: usize, bRow: usize, sums: usize, columns: i32): void {
  const a0 = v128.load32_splat(a);
  const a1 = v128.load32_splat(a + aStep);
  const a2 = v128.load32_splat(a + aStep * 2);
  const a3 = v128.load32_splat(a + aStep * 3);
  const row1 = bRow * 1;
  const row2 = bRow * 2;
  const row3 = bRow * 3;
  let at: usize = 0;
  for (const whole = <usize>(columns & -16) << 2; at < whole; at += 64) {
    const to = sums + at;
    let s0 = v128.load(to);
    let s1 = v128.load(to, 16);
    let s2 = v128.load(to, 32);
    let s3 = v128.load(to, 48);
    const from = b + at;
    s0 = fma(a0, v128.load(from), s0);
    s1 = fma(a0, v128.load(from, 16), s1);
    s2 = fma(a0, v128.load(from, 32), s2);
    s3 = fma(a0, v128.load(from, 48), s3);
    const at1 = from + row1;
    s0 = fma(a1, v128.load(at1), s0);
    s1 = fma(a1, v128.load(at1, 16), s1);
    s2 = fma(a1, v128.load(at1, 32), s2);
    s3 = fma(a1, v128.load(at1, 48), s3);
    const at2 = from + row2;
    s0 = fma(a2, v128.load(at2), s0);
    s1 = fma(a2, v128.load(at2, 16), s1);
    s2 = fma(a2, v128.load(at2, 32), s2);
    s3 = fma(a2, v128.load(at2, 48), s3);
    const at3 = from + row3;
    s0 = fma(a3, v128.load(at3), s0);
    s1 = fma(a3, v128.load(at3, 16), s1);
    s2 = fma(a3, v128.load(at3, 32), s2);
    s3 = fma(a3, v128.load(at3, 48), s3);
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(to, s2, 32);
    v128.store(to, s3, 48);
  }
  for (; at < <usize>columns << 2; at += 16) {
    const from = b + at;
    let s = fma(a0, v128.load(from), v128.load(sums + at));
    s = fma(a1, v128.load(from + row1), s);
    s = fma(a2, v128.load(from + row2), s);
    s = fma(a3, v128.load(from + row3), s);
    storeUpTo(sums + at, s, columns - <i32>(at >> 2));
  }
}

/** out [M, 1] (+)= a [M, K] · b [K], rows of a contiguous: sixteen running sums over k, joined pairwise. */
export function columnProduct(
  a: usize, aRow: usize, b: usize, out: usize, outRow: usize, M: i32, K: i32, accumulate: bool,
): void {
  for (let i = 0; i < M; i++) {
    const sum = dot(a, b, K);
    store<f32>(out, accumulate ? load<f32>(out) + sum : sum);
    a += aRow;
    out += outRow;
  }
}

function dot(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let i = 0;
  for (; i + 16 <= n; i += 16, a += 64, b += 64) {
    s0 = fma(v128.load(a), v128.load(b), s0);
    s1 = fma(v128.load(a, 16), v128.load(b, 16), s1);
    s2 = fma(v128.load(a, 32), v128.load(b, 32), s2);
    s3 = fma(v128.load(a, 48), v128.load(b, 48), s3);
  }
  for (; i + 4 <= n; i += 4, a += 16, b += 16) s0 = fma(v128.load(a), v128.load(b), s0);
  let sum = sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; i < n; i++, a += 4, b += 4) sum += load<f32>(a) * load<f32>(b);
  return sum;
}
