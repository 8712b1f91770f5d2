import { DEPTH_BLOCK } from "./matmul-tile";
import { fma } from "./simd";
import { PAIRS } from "./variant";

// Products of few rows with weights that never change, for streams. The weights are laid out once in panels of
// `panelColumns` columns: all rows of one panel, then the next, so that a step reads them from the first byte to the last.
// Float32, float16 and bfloat16 panels give the chains of matmul.ts: a row of the result has the same bits whichever rows
// stand beside it, and in float32 the bits of the batch. int8 panels: quantized.ts.

/** Numbers that one panel row holds: as many sums as stay in registers. Eight of 128 bits spill on older engines, six do not. */
export const PANEL: i32 = PAIRS ? 64 : 24;
/** Columns that share their 32-bit words in a panel of 16-bit numbers. */
const GROUP: i32 = PAIRS ? 16 : 8;

/** Columns of a panel in this build. */
export function panelColumns(): i32 {
  return PANEL;
}

/** Columns of a group in this build. */
export function panelGroup(): i32 {
  return GROUP;
}

/** Panels that `columns` columns take. */
@inline
export function panelCount(columns: i32): i32 {
  return (columns + PANEL - 1) / PANEL;
}

// A group of columns as it lies in a panel row. Float32: in order. 16 bits: the first half of the columns in the low halves of
// as many 32-bit words, the second in the high halves, so that one shift or one mask turns each into float32.

@unmanaged export class Float32 {
  @inline bytes(): usize { return 4; }
  @inline isWhole(): bool { return true; }
  @inline low(v: v128): v128 { return v; }
  @inline high(v: v128): v128 { return v; }
  @inline term(a: v128): v128 { return a; }
  @inline sum(s: v128): v128 { return s; }
}
@unmanaged export class BFloat16 {
  @inline bytes(): usize { return 2; }
  @inline isWhole(): bool { return false; }
  @inline low(v: v128): v128 { return i32x4.shl(v, 16); }
  @inline high(v: v128): v128 { return v128.and(v, i32x4.splat(0xffff0000)); }
  @inline term(a: v128): v128 { return a; }
  @inline sum(s: v128): v128 { return s; }
}
/** Sign, exponent and fraction moved to their places in a float32 read as w·2⁻¹¹²; a and the sum bring the other 2¹¹², exactly. */
@unmanaged export class Float16 {
  @inline bytes(): usize { return 2; }
  @inline isWhole(): bool { return false; }
  @inline low(v: v128): v128 { return v128.and(i32x4.shr_s(i32x4.shl(v, 16), 3), i32x4.splat(0x8fffe000)); }
  @inline high(v: v128): v128 { return v128.and(i32x4.shr_s(v, 3), i32x4.splat(0x8fffe000)); }
  @inline term(a: v128): v128 { return f32x4.mul(a, f32x4.splat(7.205759403792794e16)); }
  @inline sum(s: v128): v128 { return f32x4.mul(s, f32x4.splat(7.205759403792794e16)); }
}

/**
 * Panel `panel` of z [rows, panels · PANEL] = from + a [rows, K] · W. `from` [rows, …], or one row for all with fromRow 0; it may
 * be z. Rows lie aRow, fromRow, zRow bytes apart.
 */
export function multiplyPanel<W>(
  a: usize, aRow: usize, K: i32, weights: usize, from: usize, fromRow: usize, z: usize, zRow: usize, rows: i32, panel: i32,
): void {
  const rowBytes = <usize>PANEL * changetype<W>(0).bytes();
  const offset = <usize>panel * (PANEL << 2);
  let block = weights + <usize>panel * <usize>K * rowBytes;
  for (let k = 0; k < K; k += DEPTH_BLOCK) {
    const depth = min(DEPTH_BLOCK, K - k);
    for (let row = 0; row < rows; row++) {
      const to = z + <usize>row * zRow + offset;
      const start = k == 0 ? from + <usize>row * fromRow + offset : to;
      multiplyBlock<W>(a + <usize>row * aRow + (<usize>k << 2), depth, block, start, to);
    }
    block += <usize>depth * rowBytes;
  }
}

/** out [PANEL] = from + Σ_k a[k] · block[k]. */
function multiplyBlock<W>(a: usize, depth: i32, block: usize, from: usize, out: usize): void {
  if (PAIRS) multiplyBlock64<W>(a, depth, block, from, out);
  else multiplyBlock24<W>(a, depth, block, from, out);
}

@inline
function multiplyBlock24<W>(a: usize, depth: i32, block: usize, from: usize, out: usize): void {
  const w = changetype<W>(0);
  const zero = f32x4.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero, s4 = zero, s5 = zero;
  for (const end = a + (<usize>depth << 2); a < end; a += 4) {
    const term = w.term(v128.load32_splat(a));
    const v0 = v128.load(block);
    s0 = fma(term, w.low(v0), s0);
    s1 = fma(term, w.high(w.isWhole() ? v128.load(block, 16) : v0), s1);
    const v2 = w.isWhole() ? v128.load(block, 32) : v128.load(block, 16);
    s2 = fma(term, w.low(v2), s2);
    s3 = fma(term, w.high(w.isWhole() ? v128.load(block, 48) : v2), s3);
    const v4 = w.isWhole() ? v128.load(block, 64) : v128.load(block, 32);
    s4 = fma(term, w.low(v4), s4);
    s5 = fma(term, w.high(w.isWhole() ? v128.load(block, 80) : v4), s5);
    block += w.bytes() * 24;
  }
  store2(from, out, w.sum(s0), w.sum(s1));
  store2(from + 32, out + 32, w.sum(s2), w.sum(s3));
  store2(from + 64, out + 64, w.sum(s4), w.sum(s5));
}

@inline
function multiplyBlock64<W>(a: usize, depth: i32, block: usize, from: usize, out: usize): void {
  const w = changetype<W>(0);
  const group = w.bytes() << 4;
  const zero = f32x4.splat(0);
  let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
  let s4 = zero, s5 = zero, s6 = zero, s7 = zero;
  let s8 = zero, s9 = zero, s10 = zero, s11 = zero;
  let s12 = zero, s13 = zero, s14 = zero, s15 = zero;
  for (const end = a + (<usize>depth << 2); a < end; a += 4) {
    const term = w.term(v128.load32_splat(a));
    const v0 = v128.load(block);
    const v1 = v128.load(block, 16);
    s0 = fma(term, w.low(v0), s0);
    s1 = fma(term, w.low(v1), s1);
    s2 = fma(term, w.high(w.isWhole() ? v128.load(block, 32) : v0), s2);
    s3 = fma(term, w.high(w.isWhole() ? v128.load(block, 48) : v1), s3);
    const at1 = block + group;
    const v4 = v128.load(at1);
    const v5 = v128.load(at1, 16);
    s4 = fma(term, w.low(v4), s4);
    s5 = fma(term, w.low(v5), s5);
    s6 = fma(term, w.high(w.isWhole() ? v128.load(at1, 32) : v4), s6);
    s7 = fma(term, w.high(w.isWhole() ? v128.load(at1, 48) : v5), s7);
    const at2 = block + group * 2;
    const v8 = v128.load(at2);
    const v9 = v128.load(at2, 16);
    s8 = fma(term, w.low(v8), s8);
    s9 = fma(term, w.low(v9), s9);
    s10 = fma(term, w.high(w.isWhole() ? v128.load(at2, 32) : v8), s10);
    s11 = fma(term, w.high(w.isWhole() ? v128.load(at2, 48) : v9), s11);
    const at3 = block + group * 3;
    const v12 = v128.load(at3);
    const v13 = v128.load(at3, 16);
    s12 = fma(term, w.low(v12), s12);
    s13 = fma(term, w.low(v13), s13);
    s14 = fma(term, w.high(w.isWhole() ? v128.load(at3, 32) : v12), s14);
    s15 = fma(term, w.high(w.isWhole() ? v128.load(at3, 48) : v13), s15);
    block += group * 4;
  }
  store2(from, out, w.sum(s0), w.sum(s1));
  store2(from + 32, out + 32, w.sum(s2), w.sum(s3));
  store2(from + 64, out + 64, w.sum(s4), w.sum(s5));
  store2(from + 96, out + 96, w.sum(s6), w.sum(s7));
  store2(from + 128, out + 128, w.sum(s8), w.sum(s9));
  store2(from + 160, out + 160, w.sum(s10), w.sum(s11));
  store2(from + 192, out + 192, w.sum(s12), w.sum(s13));
  store2(from + 224, out + 224, w.sum(s14), w.sum(s15));
}

/** out [8] = from + both sums; all loads stand before the stores. */
@inline
export function store2(from: usize, out: usize, s0: v128, s1: v128): void {
  const o0 = f32x4.add(v128.load(from), s0);
  const o1 = f32x4.add(v128.load(from, 16), s1);
  v128.store(out, o0);
  v128.store(out, o1, 16);
}
