import { fma, select } from "./simd";

// Functions of four numbers at once. Polynomials over the reduced range are those of Cephes [Moshier 1989], erf's are
// those of N. Juffa. NaN stays NaN, infinities give their limits, denormal results are kept. Largest errors, measured
// over every float32 from 2⁻²⁵ to 108 in size: exp 1.01 ulp, tanh 1.33, sigmoid 1.82.

// The constants stand in memory: one load each, where building one in a register takes
// three instructions. One at a time a function is half as fast as two neighbours are in one loop.

const MINUS_ZERO: usize = memory.data<f32>([-0.0]);
const ONE: usize = memory.data<f32>([1]);
const TWO: usize = memory.data<f32>([2]);
/** Adding it rounds |x| < 2²² to whole numbers, which then stand in the low bits. */
const ROUND: usize = memory.data<f32>([12582912.0]);
const LOG2_E: usize = memory.data<f32>([1.44269504]);
/** −ln 2 in two parts; the first has 9 bits, so its products with whole numbers below 2¹⁵ are exact. */
const MINUS_LN2_HIGH: usize = memory.data<f32>([-0.693359375]);
const MINUS_LN2_LOW: usize = memory.data<f32>([2.12194440e-4]);
const EXP: usize = memory.data<f32>([
  1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1,
]);
const EXP_LOW: usize = memory.data<f32>([-104]);
const EXP_HIGH: usize = memory.data<f32>([89]);
const SIGMOID_LOW: usize = memory.data<f32>([-0.7]);
const TANH: usize = memory.data<f32>([-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]);
const TANH_SMALL: usize = memory.data<f32>([0.625]);
const TANH_ONE: usize = memory.data<f32>([9.02]);
const LOG: usize = memory.data<f32>([
  7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
]);
const LOG_ERFC: usize = memory.data<f32>([
  -1.72853470e-5, 3.83197126e-4, -3.88396438e-3, 2.42546219e-2, -1.06777877e-1, -6.34846687e-1, -1.28717512e-1,
]);
const ERF: usize = memory.data<f32>([
  -5.96761703e-4, 4.99119423e-3, -2.67681349e-2, 1.12819925e-1, -3.76125336e-1, 1.28379166e-1,
]);
/** −π/2 in three parts; products of the first two with whole numbers below 2¹³ are exact. */
const TURN: usize = memory.data<f32>([-1.5703125, -4.837512969970703e-4, -7.549789954891882e-8]);
const SIN: usize = memory.data<f32>([-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1]);
const COS: usize = memory.data<f32>([2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2]);

/** Number `i` at `at`, in all lanes. */
@inline
function constant(at: usize, i: usize = 0): v128 {
  return v128.load32_splat(at + (i << 2));
}

/** eʳ − 1 for |r| ≤ ½ ln 2. */
@inline
function expm1Reduced(r: v128): v128 {
  let p = fma(constant(EXP), r, constant(EXP, 1));
  p = fma(p, r, constant(EXP, 2));
  p = fma(p, r, constant(EXP, 3));
  p = fma(p, r, constant(EXP, 4));
  p = fma(p, r, constant(EXP, 5));
  return fma(p, f32x4.mul(r, r), r);
}

@inline
function expReduced(r: v128): v128 {
  return f32x4.add(expm1Reduced(r), constant(ONE));
}

/** x − n·ln 2. */
@inline
function minusLn2(x: v128, n: v128): v128 {
  return fma(n, constant(MINUS_LN2_LOW), fma(n, constant(MINUS_LN2_HIGH), x));
}

/** eˣ = eʳ·2ⁿ. */
@inline
export function expV(x: v128): v128 {
  return expBelow(f32x4.pmin(x, constant(EXP_HIGH)));
}

/** eˣ for x ≤ 89; 2ⁿ in two factors, so that overflow and denormal results round once. */
@inline
function expBelow(x: v128): v128 {
  const bounded = f32x4.pmax(x, constant(EXP_LOW));
  const shifted = fma(bounded, constant(LOG2_E), constant(ROUND));
  const n = i32x4.sub(shifted, constant(ROUND));
  const half = i32x4.shr_s(n, 1);
  const scale1 = i32x4.add(i32x4.shl(half, 23), constant(ONE)); // the bits of 1 are those of 2⁰
  const scale2 = i32x4.add(i32x4.shl(i32x4.sub(n, half), 23), constant(ONE));
  const e = expReduced(minusLn2(bounded, f32x4.sub(shifted, constant(ROUND))));
  return f32x4.mul(f32x4.mul(e, scale1), scale2);
}

/** eˣ for −87 ≤ x ≤ 88 and NaN. */
@inline
function expBounded(x: v128): v128 {
  const shifted = fma(x, constant(LOG2_E), constant(ROUND));
  const scale = i32x4.add(i32x4.shl(shifted, 23), constant(ONE)); // ROUND's low 9 bits are 0
  return f32x4.mul(expReduced(minusLn2(x, f32x4.sub(shifted, constant(ROUND)))), scale);
}

/** eˣ − 1. */
@inline
export function expm1V(x: v128): v128 {
  const small = f32x4.lt(f32x4.abs(x), f32x4.splat(0.3465));
  return select(small, expm1Reduced(x), f32x4.sub(expV(x), constant(ONE)));
}

/**
 * σ(x) = 1 / (1 + e⁻ˣ) for x ≥ 0 and y = e / (1 + e) with e = eˣ below, which keeps small values exact. Where e < ½,
 * e − e·y repairs what rounding 1 + e has lost.
 */
@inline
export function sigmoidV(x: v128): v128 {
  const e = expBelow(v128.or(x, constant(MINUS_ZERO)));
  const one = constant(ONE);
  const y = f32x4.div(select(i32x4.shr_s(x, 31), e, one), f32x4.add(one, e));
  return select(f32x4.lt(x, constant(SIGMOID_LOW)), f32x4.sub(e, f32x4.mul(e, y)), y);
}

/** tanh(x): an odd polynomial below 0.625, 1 − 2 / (e²ˣ + 1) above, 1 from 9.02 on. */
@inline
export function tanhV(x: v128): v128 {
  const sign = v128.and(x, constant(MINUS_ZERO));
  const size = f32x4.pmin(v128.xor(x, sign), constant(TANH_ONE));
  const z = f32x4.mul(size, size);
  let p = fma(constant(TANH), z, constant(TANH, 1));
  p = fma(p, z, constant(TANH, 2));
  p = fma(p, z, constant(TANH, 3));
  p = fma(p, z, constant(TANH, 4));
  const small = fma(f32x4.mul(p, z), size, size);
  const e = expBounded(f32x4.add(size, size));
  const one = constant(ONE);
  const large = f32x4.sub(one, f32x4.div(constant(TWO), f32x4.add(e, one)));
  return v128.or(select(f32x4.lt(size, constant(TANH_SMALL)), small, large), sign);
}

/** ln(x) = ln(m) + e·ln 2 with m in [√½, √2). */
@inline
export function logV(x: v128): v128 {
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38));
  const normal = select(tiny, f32x4.mul(x, f32x4.splat(33554432)), x); // 2²⁵
  const offset = i32x4.sub(normal, i32x4.splat(0x3f3504f3)); // √½
  const m = i32x4.add(v128.and(offset, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const exponent = i32x4.sub(i32x4.shr_s(offset, 23), v128.and(tiny, i32x4.splat(25)));
  const e = f32x4.convert_i32x4_s(exponent);
  const f = f32x4.sub(m, constant(ONE));
  const z = f32x4.mul(f, f);
  let p = fma(constant(LOG), f, constant(LOG, 1));
  p = fma(p, f, constant(LOG, 2));
  p = fma(p, f, constant(LOG, 3));
  p = fma(p, f, constant(LOG, 4));
  p = fma(p, f, constant(LOG, 5));
  p = fma(p, f, constant(LOG, 6));
  p = fma(p, f, constant(LOG, 7));
  p = fma(p, f, constant(LOG, 8));
  p = f32x4.mul(f32x4.mul(p, f), z);
  p = fma(e, f32x4.neg(constant(MINUS_LN2_LOW)), p);
  p = fma(z, f32x4.splat(-0.5), p);
  const value = fma(e, f32x4.neg(constant(MINUS_LN2_HIGH)), f32x4.add(f, p));
  const zero = f32x4.splat(0);
  const positive = select(f32x4.eq(x, zero), f32x4.splat(-Infinity), value);
  const known = select(f32x4.lt(x, zero), f32x4.splat(NaN), positive);
  return select(f32x4.lt(x, f32x4.splat(Infinity)), known, x); // +∞ and NaN pass
}

/** ln(1 + x): the logarithm of u = 1 + x as rounded, plus what the rounding lost over u [Kahan]. */
@inline
export function log1pV(x: v128): v128 {
  const one = constant(ONE);
  const u = f32x4.add(one, x);
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, one)), u);
  const logarithm = logV(u);
  // −1 and +∞: the correction is 0/0 or ∞/∞ there; a small x is its own logarithm and keeps its sign.
  const finite = v128.and(f32x4.gt(u, f32x4.splat(0)), f32x4.lt(u, f32x4.splat(Infinity)));
  const value = select(finite, f32x4.add(logarithm, lost), logarithm);
  return select(f32x4.lt(f32x4.abs(x), f32x4.splat(2.9802322e-8)), x, value);
}

/** ln(1 + e⁻ᵃ) for a ≥ 0, what softplus and its kin are made of. */
@inline
export function log1pExpMinusV(a: v128): v128 {
  return log1pV(expV(f32x4.neg(a)));
}

/** ln(1 − erf(t)) for t > 0.92, as a polynomial. */
@inline
function logErfc(t: v128): v128 {
  const high = fma(constant(LOG_ERFC), t, constant(LOG_ERFC, 1));
  const low = fma(constant(LOG_ERFC, 2), t, constant(LOG_ERFC, 3));
  let r = fma(high, f32x4.mul(t, t), low);
  r = fma(r, t, constant(LOG_ERFC, 4));
  r = fma(r, t, constant(LOG_ERFC, 5));
  r = fma(r, t, constant(LOG_ERFC, 6));
  return fma(r, t, f32x4.neg(t));
}

/** erf(x) for |x| ≤ 0.9277, as a polynomial. */
@inline
function erfSmall(x: v128): v128 {
  const s = f32x4.mul(x, x);
  let r = fma(constant(ERF), s, constant(ERF, 1));
  r = fma(r, s, constant(ERF, 2));
  r = fma(r, s, constant(ERF, 3));
  r = fma(r, s, constant(ERF, 4));
  r = fma(r, s, constant(ERF, 5));
  return fma(r, x, x);
}

/** The normal law's distribution function, ½ (1 + erf(x/√2)); its lower tail is not taken from 1. */
@inline
export function normalCdfV(x: v128): v128 {
  const z = f32x4.mul(x, f32x4.splat(0.70710678));
  const t = f32x4.abs(z);
  const half = f32x4.splat(0.5);
  const tail = f32x4.mul(half, expV(logErfc(f32x4.pmin(t, f32x4.splat(10)))));
  const large = select(f32x4.lt(z, f32x4.splat(0)), tail, f32x4.sub(constant(ONE), tail));
  return select(f32x4.gt(t, f32x4.splat(0.9277)), large, fma(half, erfSmall(z), half));
}

/** sin(x + quarter·π/2), by quarter turns; |x| above 8192 goes one by one to the exact reduction of the standard library. */
function turned(x: v128, quarter: i32): v128 {
  if (v128.any_true(f32x4.gt(f32x4.abs(x), f32x4.splat(8192)))) return turnedExactly(x, quarter);
  const shifted = fma(x, f32x4.splat(0.63661977), constant(ROUND));
  const n = f32x4.sub(shifted, constant(ROUND));
  let r = fma(n, constant(TURN), x);
  r = fma(n, constant(TURN, 1), r);
  r = fma(n, constant(TURN, 2), r);
  const z = f32x4.mul(r, r);
  let p = fma(constant(SIN), z, constant(SIN, 1));
  p = fma(p, z, constant(SIN, 2));
  const sine = fma(f32x4.mul(p, z), r, r);
  let q = fma(constant(COS), z, constant(COS, 1));
  q = fma(q, z, constant(COS, 2));
  const cosine = f32x4.add(fma(f32x4.mul(q, z), z, f32x4.mul(z, f32x4.splat(-0.5))), f32x4.splat(1));
  const turns = i32x4.add(shifted, i32x4.splat(quarter));
  const odd = i32x4.ne(v128.and(turns, i32x4.splat(1)), i32x4.splat(0));
  const negative = i32x4.shl(v128.and(turns, i32x4.splat(2)), 30);
  return v128.xor(select(odd, cosine, sine), negative);
}

function turnedExactly(x: v128, quarter: i32): v128 {
  return f32x4(
    turnedOne(f32x4.extract_lane(x, 0), quarter),
    turnedOne(f32x4.extract_lane(x, 1), quarter),
    turnedOne(f32x4.extract_lane(x, 2), quarter),
    turnedOne(f32x4.extract_lane(x, 3), quarter),
  );
}

function turnedOne(x: f32, quarter: i32): f32 {
  return <f32>(quarter == 0 ? Math.sin(x) : Math.cos(x));
}

@inline
export function sinV(x: v128): v128 {
  return turned(x, 0);
}

@inline
export function cosV(x: v128): v128 {
  return turned(x, 1);
}

/** a ** b, one by one. */
export function powerV(a: v128, b: v128): v128 {
  return f32x4(
    power(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)),
    power(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)),
    power(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)),
    power(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)),
  );
}

/** As JavaScript defines it: NaN for any NaN exponent and for ±1 ** ±∞. */
function power(a: f32, b: f32): f32 {
  if (isNaN(b) || (!isFinite(b) && abs<f32>(a) == 1)) return NaN;
  return Mathf.pow(a, b);
}
