import { column, storeUpTo } from "./simd";

// Philox4x32-10, four counters at a time. Definition: random/philox.ts.

const M0: i32 = 0xd2511f53;
const M1: i32 = 0xcd9e8d57;
const W0: i32 = 0x9e3779b9;
const W1: i32 = 0xbb67ae85;

/** High words of the four products of unsigned words; `low` are the first two products, `high` the others. */
@inline
function highWords(low: v128, high: v128): v128 {
  return v128.shuffle<i32>(low, high, 1, 3, 5, 7);
}

/**
 * out [n] = 0 where word i of the stream is below `threshold`, else `keep`. Word i is lane i mod 4 of the block with
 * counter (⌊i/4⌋, 0, stream, step) under the key (seedLow, seedHigh).
 */
export function dropoutMask(
  out: usize, n: i32, threshold: u32, keep: f32, seedLow: i32, seedHigh: i32, stream: i32, step: i32,
): void {
  const m0 = i32x4.splat(M0);
  const m1 = i32x4.splat(M1);
  for (let i = 0; i < n; i += 16, out += 64) {
    let c0 = i32x4.add(i32x4.splat(i >> 2), i32x4(0, 1, 2, 3));
    let c1 = i32x4.splat(0);
    let c2 = i32x4.splat(stream);
    let c3 = i32x4.splat(step);
    let k0 = seedLow;
    let k1 = seedHigh;
    for (let round = 0; round < 10; round++) {
      const high0 = highWords(i64x2.extmul_low_i32x4_u(m0, c0), i64x2.extmul_high_i32x4_u(m0, c0));
      const high1 = highWords(i64x2.extmul_low_i32x4_u(m1, c2), i64x2.extmul_high_i32x4_u(m1, c2));
      const low0 = i32x4.mul(m0, c0);
      const low1 = i32x4.mul(m1, c2);
      c0 = v128.xor(v128.xor(high1, c1), i32x4.splat(k0));
      c1 = low1;
      c2 = v128.xor(v128.xor(high0, c3), i32x4.splat(k1));
      c3 = low0;
      k0 += W0;
      k1 += W1;
    }
    const left = n - i;
    putBlock(out, column(0, c0, c1, c2, c3), threshold, keep, left);
    if (left > 4) putBlock(out + 16, column(1, c0, c1, c2, c3), threshold, keep, left - 4);
    if (left > 8) putBlock(out + 32, column(2, c0, c1, c2, c3), threshold, keep, left - 8);
    if (left > 12) putBlock(out + 48, column(3, c0, c1, c2, c3), threshold, keep, left - 12);
  }
}

@inline
function putBlock(out: usize, words: v128, threshold: u32, keep: f32, left: i32): void {
  storeUpTo(out, v128.andnot(f32x4.splat(keep), i32x4.lt_u(words, i32x4.splat(threshold))), left);
}
