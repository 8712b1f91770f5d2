import { DEPTH_BLOCK } from "./matmul-tile";
import { PANEL, store2 } from "./panels";
import { firstLanes, maxLanes } from "./simd";
import { PAIRS } from "./variant";

// Products with int8 weights, one scale a column. Each row of `a` is brought to 16 bits by its own largest number, and the sums
// of whole numbers are exact in 32 bits: 127 · 32767 · DEPTH_BLOCK < 2³¹. So they have the same bits in every build, beside any rows.

const LARGEST: f32 = 32767;
/** Below this a row counts as zeros: its scale would leave float32. */
const SMALLEST: f32 = 1e-30;

/** Bytes of scratch memory that `rows` rows of K numbers take: whole numbers in pairs, and a scale each. */
export function quantizedBytes(rows: i32, K: i32): i32 {
  return rows * (quantizedRow(K) + 16);
}

/** Bytes of one row of 16-bit numbers, padded so that whole vectors may be stored. */
@inline
function quantizedRow(K: i32): i32 {
  return ((K + 7) & -8) << 1;
}

/** Largest size in a row [K]; NaN when there is one. */
function largest(a: usize, K: i32): f32 {
  let m = f32x4.splat(0);
  for (let k = 0; k < K; k += 4, a += 16) {
    m = f32x4.max(m, v128.and(f32x4.abs(v128.load(a)), firstLanes(K - k)));
  }
  return maxLanes(m);
}

/** out [K], 16-bit = a / scale, rounded to even; zeros to the end of the last eight. Gives the scale: NaN when a holds NaN or ∞. */
function quantizeRow(a: usize, K: i32, out: usize): f32 {
  const size = largest(a, K);
  const inverse = f32x4.splat(size > SMALLEST ? LARGEST / size : 0);
  for (let k = 0; k < K; k += 8, a += 32, out += 16) {
    const q0 = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.and(v128.load(a), firstLanes(K - k)), inverse)));
    const q1 = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.and(v128.load(a, 16), firstLanes(K - k - 4)), inverse)));
    v128.store(out, i16x8.narrow_i32x4_s(q0, q1));
  }
  const scale = size / LARGEST;
  return scale - scale == 0 ? scale : NaN;
}

/** Brings a [rows, K] to whole numbers in scratch (`quantizedBytes`), for `multiplyQuantized`. */
export function quantizeRows(a: usize, aRow: usize, K: i32, rows: i32, scratch: usize): void {
  const numbers = scratch + (<usize>rows << 4);
  for (let row = 0; row < rows; row++) {
    const scale = quantizeRow(a + <usize>row * aRow, K, numbers + <usize>row * <usize>quantizedRow(K));
    store<f32>(scratch + (<usize>row << 4), scale);
  }
}

/**
 * Panel `panel` of z [rows, panels · PANEL] = from + (a [rows, K] · W) ⊙ scales, a by `quantizeRows`; see `multiplyPanel`. weights:
 * for each panel and each pair of k, PANEL pairs of int8; scales [panels · PANEL].
 */
export function multiplyQuantized(
  rowsOfA: usize, K: i32, weights: usize, scales: usize, from: usize, fromRow: usize, z: usize, zRow: usize, rows: i32, panel: i32,
): void {
  const row16 = <usize>quantizedRow(K);
  const numbers = rowsOfA + (<usize>rows << 4);
  const offset = <usize>panel * (PANEL << 2);
  let block = weights + <usize>panel * <usize>((K + 1) >> 1) * <usize>(PANEL << 1);
  for (let k = 0; k < K; k += DEPTH_BLOCK) {
    const pairs = (min(DEPTH_BLOCK, K - k) + 1) >> 1;
    for (let row = 0; row < rows; row++) {
      const to = z + <usize>row * zRow + offset;
      const start = k == 0 ? from + <usize>row * fromRow + offset : to;
      const scale = rowsOfA + (<usize>row << 4);
      multiplyPairs(numbers + <usize>row * row16 + (<usize>k << 1), pairs, block, scale, scales + offset, start, to);
    }
    block += <usize>pairs * <usize>(PANEL << 1);
  }
}

/** s + the products of the pair `a` with the pairs in the low half of `v`, and in the high half. */
@inline
function dotLow(a: v128, v: v128, s: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(a, i16x8.extend_low_i8x16_s(v)), s);
}
@inline
function dotHigh(a: v128, v: v128, s: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(a, i16x8.extend_high_i8x16_s(v)), s);
}

/** `scaleAt` is a pointer: V8's joining of neighbours fails on an argument of v128. */
function multiplyPairs(a: usize, pairs: i32, block: usize, scaleAt: usize, scales: usize, from: usize, out: usize): void {
  const zero = i32x4.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  let s4 = zero, s5 = zero, s6 = zero, s7 = zero;
  let s8 = zero, s9 = zero, s10 = zero, s11 = zero;
  let s12 = zero, s13 = zero, s14 = zero, s15 = zero;
  for (const end = a + (<usize>pairs << 2); a < end; a += 4) {
    const pair = v128.load32_splat(a);
    const v0 = v128.load(block, 0);
    s0 = dotLow(pair, v0, s0);
    s1 = dotHigh(pair, v0, s1);
    const v1 = v128.load(block, 16);
    s2 = dotLow(pair, v1, s2);
    s3 = dotHigh(pair, v1, s3);
    const v2 = v128.load(block, 32);
    s4 = dotLow(pair, v2, s4);
    s5 = dotHigh(pair, v2, s5);
    if (PAIRS) {
      const v3 = v128.load(block, 48);
      s6 = dotLow(pair, v3, s6);
      s7 = dotHigh(pair, v3, s7);
      const v4 = v128.load(block, 64);
      s8 = dotLow(pair, v4, s8);
      s9 = dotHigh(pair, v4, s9);
      const v5 = v128.load(block, 80);
      s10 = dotLow(pair, v5, s10);
      s11 = dotHigh(pair, v5, s11);
      const v6 = v128.load(block, 96);
      s12 = dotLow(pair, v6, s12);
      s13 = dotHigh(pair, v6, s13);
      const v7 = v128.load(block, 112);
      s14 = dotLow(pair, v7, s14);
      s15 = dotHigh(pair, v7, s15);
    }
    block += PANEL << 1;
  }
  const scale = v128.load32_splat(scaleAt);
  storeScaled(from, out, scale, scales, s0, s1);
  storeScaled(from + 32, out + 32, scale, scales + 32, s2, s3);
  storeScaled(from + 64, out + 64, scale, scales + 64, s4, s5);
  if (PAIRS) {
    storeScaled(from + 96, out + 96, scale, scales + 96, s6, s7);
    storeScaled(from + 128, out + 128, scale, scales + 128, s8, s9);
    storeScaled(from + 160, out + 160, scale, scales + 160, s10, s11);
    storeScaled(from + 192, out + 192, scale, scales + 192, s12, s13);
    storeScaled(from + 224, out + 224, scale, scales + 224, s14, s15);
  }
}

@inline
function storeScaled(from: usize, out: usize, scale: v128, scales: usize, s0: v128, s1: v128): void {
  const z0 = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(s0), scale), v128.load(scales));
  const z1 = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(s1), scale), v128.load(scales, 16));
  store2(from, out, z0, z1);
}
