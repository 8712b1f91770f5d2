import { expm1V, expV, log1pExpMinusV, log1pV, logV, cosV, normalCdfV, powerV, sigmoidV, sinV, tanhV } from "./math";
import { fma, select } from "./simd";

// Every function of one number with its slope dy/dx, and every function of two; what they must be at ∞, NaN and kinks
// is defined in backend/reference/functions.ts. They are classes without fields, so that a loop written once over `F`
// gets the function inlined: `changetype<F>(0).value(x)`.

@inline
function c(value: f32): v128 {
  return f32x4.splat(value);
}

/** The numbers in the lanes where `mask` is set, 0 elsewhere. */
@inline
function where(mask: v128, yes: v128): v128 {
  return v128.and(mask, yes);
}

/** x·w where w vanishes faster than x grows: 0 at its limit, not ∞·0. */
@inline
function faded(x: v128, w: v128): v128 {
  return select(f32x4.eq(w, c(0)), c(0), f32x4.mul(x, w));
}

/** max(x, 0), −0 and NaN kept. */
@inline
function positivePart(x: v128): v128 {
  return f32x4.pmax(x, c(0));
}

@inline
function clip(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmin(f32x4.pmax(x, c(low)), c(high));
}

/** ln(1 + eˣ). */
@inline
function softplusV(x: v128): v128 {
  return f32x4.add(positivePart(x), log1pExpMinusV(f32x4.abs(x)));
}

const SELU_ALPHA: f32 = 1.6732632423543772;
const SELU_SCALE: f32 = 1.0507009873554805;

@unmanaged export class Linear {
  @inline value(x: v128): v128 { return x; }
  @inline slope(y: v128, x: v128): v128 { return c(1); }
}
@unmanaged export class Sigmoid {
  @inline value(x: v128): v128 { return sigmoidV(x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.mul(y, f32x4.sub(c(1), y)); }
}
@unmanaged export class Tanh {
  @inline value(x: v128): v128 { return tanhV(x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.sub(c(1), f32x4.mul(y, y)); }
}
@unmanaged export class Relu {
  @inline value(x: v128): v128 { return positivePart(x); }
  @inline slope(y: v128, x: v128): v128 { return where(f32x4.gt(y, c(0)), c(1)); }
}
@unmanaged export class Relu6 {
  @inline value(x: v128): v128 { return clip(x, 0, 6); }
  @inline slope(y: v128, x: v128): v128 { return where(v128.and(f32x4.gt(y, c(0)), f32x4.lt(y, c(6))), c(1)); }
}
@unmanaged export class LeakyRelu {
  @inline value(x: v128): v128 { return select(f32x4.gt(x, c(0)), x, f32x4.mul(x, c(0.2))); }
  @inline slope(y: v128, x: v128): v128 { return select(f32x4.gt(y, c(0)), c(1), c(0.2)); }
}
@unmanaged export class Elu {
  @inline value(x: v128): v128 { return select(f32x4.gt(x, c(0)), x, expm1V(x)); }
  @inline slope(y: v128, x: v128): v128 { return select(f32x4.gt(y, c(0)), c(1), f32x4.add(y, c(1))); }
}
@unmanaged export class Selu {
  @inline value(x: v128): v128 {
    return f32x4.mul(c(SELU_SCALE), select(f32x4.gt(x, c(0)), x, f32x4.mul(c(SELU_ALPHA), expm1V(x))));
  }
  @inline slope(y: v128, x: v128): v128 {
    return select(f32x4.gt(y, c(0)), c(SELU_SCALE), f32x4.add(y, c(SELU_SCALE * SELU_ALPHA)));
  }
}
@unmanaged export class Softplus {
  @inline value(x: v128): v128 { return softplusV(x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.neg(expm1V(f32x4.neg(y))); }
}
@unmanaged export class Softsign {
  @inline value(x: v128): v128 {
    const size = f32x4.abs(x);
    const ratio = f32x4.div(size, f32x4.add(c(1), size));
    return select(c(-0.0), x, select(f32x4.eq(size, c(Infinity)), c(1), ratio));
  }
  @inline slope(y: v128, x: v128): v128 {
    const rest = f32x4.sub(c(1), f32x4.abs(y));
    return f32x4.mul(rest, rest);
  }
}
@unmanaged export class HardSigmoid {
  @inline value(x: v128): v128 { return clip(f32x4.add(f32x4.div(x, c(6)), c(0.5)), 0, 1); }
  @inline slope(y: v128, x: v128): v128 {
    return where(v128.and(f32x4.gt(y, c(0)), f32x4.lt(y, c(1))), c(1.0 / 6.0));
  }
}
@unmanaged export class HardTanh {
  @inline value(x: v128): v128 { return clip(x, -1, 1); }
  @inline slope(y: v128, x: v128): v128 { return where(f32x4.lt(f32x4.abs(y), c(1)), c(1)); }
}
@unmanaged export class Exponential {
  @inline value(x: v128): v128 { return expV(x); }
  @inline slope(y: v128, x: v128): v128 { return y; }
}
@unmanaged export class Gelu {
  @inline value(x: v128): v128 { return faded(x, normalCdfV(x)); }
  @inline slope(y: v128, x: v128): v128 {
    const density = f32x4.mul(expV(f32x4.mul(f32x4.mul(x, x), c(-0.5))), c(0.3989422804));
    return f32x4.add(normalCdfV(x), faded(x, density));
  }
}
@unmanaged export class Silu {
  @inline value(x: v128): v128 { return faded(x, sigmoidV(x)); }
  @inline slope(y: v128, x: v128): v128 {
    const s = sigmoidV(x);
    return f32x4.add(s, faded(x, f32x4.mul(s, sigmoidV(f32x4.neg(x)))));
  }
}
/** x·w with w = tanh(ln(1 + eˣ)) = n / (n + 2), n = eˣ (eˣ + 2); from 20 on w is 1. */
@unmanaged export class Mish {
  @inline weight(x: v128): v128 {
    const e = expV(f32x4.pmin(x, c(20)));
    const n = f32x4.mul(e, f32x4.add(e, c(2)));
    return f32x4.div(n, f32x4.add(n, c(2)));
  }
  @inline value(x: v128): v128 { return faded(x, this.weight(x)); }
  @inline slope(y: v128, x: v128): v128 {
    const w = this.weight(x);
    return f32x4.add(w, faded(x, f32x4.mul(f32x4.sub(c(1), f32x4.mul(w, w)), sigmoidV(x))));
  }
}
@unmanaged export class Negate {
  @inline value(x: v128): v128 { return f32x4.neg(x); }
  @inline slope(y: v128, x: v128): v128 { return c(-1); }
}
@unmanaged export class Abs {
  @inline value(x: v128): v128 { return f32x4.abs(x); }
  @inline slope(y: v128, x: v128): v128 { return changetype<Sign>(0).value(x); }
}
@unmanaged export class Sign {
  @inline value(x: v128): v128 { // ±0 and NaN are their own
    return select(f32x4.gt(f32x4.abs(x), c(0)), select(c(-0.0), x, c(1)), x);
  }
  @inline slope(y: v128, x: v128): v128 { return c(0); }
}
@unmanaged export class Square {
  @inline value(x: v128): v128 { return f32x4.mul(x, x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.add(x, x); }
}
@unmanaged export class Sqrt {
  @inline value(x: v128): v128 { return f32x4.sqrt(x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.div(c(0.5), y); }
}
@unmanaged export class Reciprocal {
  @inline value(x: v128): v128 { return f32x4.div(c(1), x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.neg(f32x4.mul(y, y)); }
}
@unmanaged export class Log {
  @inline value(x: v128): v128 { return logV(x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.div(c(1), x); }
}
@unmanaged export class Log1p {
  @inline value(x: v128): v128 { return log1pV(x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.div(c(1), f32x4.add(c(1), x)); }
}
@unmanaged export class LogSigmoid {
  @inline value(x: v128): v128 { return f32x4.neg(softplusV(f32x4.neg(x))); }
  @inline slope(y: v128, x: v128): v128 { return sigmoidV(f32x4.neg(x)); }
}
/** ½ ln(1 + sinh² x) below 1, where |x| + ln(1 + e^−2|x|) − ln 2 would cancel; sinh is its series there. */
@unmanaged export class LogCosh {
  @inline value(x: v128): v128 {
    const size = f32x4.abs(x);
    const z = f32x4.mul(x, x);
    let p = fma(c(1.0 / 362880.0), z, c(1.0 / 5040.0));
    p = fma(p, z, c(1.0 / 120.0));
    p = fma(p, z, c(1.0 / 6.0));
    const sinh = fma(f32x4.mul(p, z), size, size);
    const small = f32x4.lt(size, c(1));
    const inner = select(small, f32x4.mul(sinh, sinh), expV(f32x4.mul(size, c(-2))));
    const l = log1pV(inner);
    return select(small, f32x4.mul(l, c(0.5)), f32x4.add(f32x4.sub(size, c(0.6931472)), l));
  }
  @inline slope(y: v128, x: v128): v128 { return tanhV(x); }
}
@unmanaged export class Sin {
  @inline value(x: v128): v128 { return sinV(x); }
  @inline slope(y: v128, x: v128): v128 { return cosV(x); }
}
@unmanaged export class Cos {
  @inline value(x: v128): v128 { return cosV(x); }
  @inline slope(y: v128, x: v128): v128 { return f32x4.neg(sinV(x)); }
}

@unmanaged export class Add {
  @inline value(a: v128, b: v128): v128 { return f32x4.add(a, b); }
}
@unmanaged export class Subtract {
  @inline value(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
}
@unmanaged export class Multiply {
  @inline value(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
}
@unmanaged export class Divide {
  @inline value(a: v128, b: v128): v128 { return f32x4.div(a, b); }
}
@unmanaged export class Minimum {
  @inline value(a: v128, b: v128): v128 { return f32x4.min(a, b); }
}
@unmanaged export class Maximum {
  @inline value(a: v128, b: v128): v128 { return f32x4.max(a, b); }
}
@unmanaged export class Power {
  @inline value(a: v128, b: v128): v128 { return powerV(a, b); }
}
@unmanaged export class Less {
  @inline value(a: v128, b: v128): v128 { return where(f32x4.lt(a, b), c(1)); }
}
@unmanaged export class LessEqual {
  @inline value(a: v128, b: v128): v128 { return where(f32x4.le(a, b), c(1)); }
}
@unmanaged export class Equal {
  @inline value(a: v128, b: v128): v128 { return where(f32x4.eq(a, b), c(1)); }
}
