import * as functions from "./functions";
import { select, storeUpTo } from "./simd";

// Functions applied element by element. Each is an export of its own, found by name in backend/wasm/elementwise.ts: one
// function with a switch would be too large for the engine to compile quickly.

export function fill(out: usize, value: f32, n: i32): void {
  const v = f32x4.splat(value);
  for (let i = 0; i < n; i += 4, out += 16) storeUpTo(out, v, n - i);
}

/** out [n] = condition ≠ 0 ? a : b. `out` may be `a` or `b`. */
export function choose(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4, condition += 16, a += 16, b += 16, out += 16) {
    const mask = f32x4.ne(v128.load(condition), f32x4.splat(0));
    storeUpTo(out, select(mask, v128.load(a), v128.load(b)), n - i);
  }
}

/** out [n] = F(x). `out` may be `x`. */
function map<F>(x: usize, out: usize, n: i32): void {
  const f = changetype<F>(0);
  let i = 0;
  for (; i + 8 <= n; i += 8, x += 32, out += 32) {
    const first = f.value(v128.load(x));
    const second = f.value(v128.load(x, 16));
    v128.store(out, first);
    v128.store(out, second, 16);
  }
  for (; i < n; i += 4, x += 16, out += 16) storeUpTo(out, f.value(v128.load(x)), n - i);
}

/** The same for an F that calls a function: neighbours whose numbers come from calls must not be joined, see `called`. */
function mapCalling<F>(x: usize, out: usize, n: i32): void {
  const f = changetype<F>(0);
  for (let i = 0; i < n; i += 4, x += 16, out += 16) storeUpTo(out, f.value(v128.load(x)), n - i);
}

/** dx [n] = dy ⊙ F′, from y = F(x) and x. `dx` may be `dy`. */
function mapGradient<F>(x: usize, y: usize, dy: usize, dx: usize, n: i32): void {
  const f = changetype<F>(0);
  for (let i = 0; i < n; i += 4, x += 16, y += 16, dy += 16, dx += 16) {
    storeUpTo(dx, f32x4.mul(v128.load(dy), f.slope(v128.load(y), v128.load(x))), n - i);
  }
}

export function unaryLinear(x: usize, out: usize, n: i32): void { map<functions.Linear>(x, out, n); }
export function unarySigmoid(x: usize, out: usize, n: i32): void { map<functions.Sigmoid>(x, out, n); }
export function unaryTanh(x: usize, out: usize, n: i32): void { map<functions.Tanh>(x, out, n); }
export function unaryRelu(x: usize, out: usize, n: i32): void { map<functions.Relu>(x, out, n); }
export function unaryRelu6(x: usize, out: usize, n: i32): void { map<functions.Relu6>(x, out, n); }
export function unaryLeakyRelu(x: usize, out: usize, n: i32): void { map<functions.LeakyRelu>(x, out, n); }
export function unaryElu(x: usize, out: usize, n: i32): void { map<functions.Elu>(x, out, n); }
export function unarySelu(x: usize, out: usize, n: i32): void { map<functions.Selu>(x, out, n); }
export function unarySoftplus(x: usize, out: usize, n: i32): void { map<functions.Softplus>(x, out, n); }
export function unarySoftsign(x: usize, out: usize, n: i32): void { map<functions.Softsign>(x, out, n); }
export function unaryHardSigmoid(x: usize, out: usize, n: i32): void { map<functions.HardSigmoid>(x, out, n); }
export function unaryHardTanh(x: usize, out: usize, n: i32): void { map<functions.HardTanh>(x, out, n); }
export function unaryExponential(x: usize, out: usize, n: i32): void { map<functions.Exponential>(x, out, n); }
export function unaryGelu(x: usize, out: usize, n: i32): void { map<functions.Gelu>(x, out, n); }
export function unarySilu(x: usize, out: usize, n: i32): void { map<functions.Silu>(x, out, n); }
export function unaryMish(x: usize, out: usize, n: i32): void { map<functions.Mish>(x, out, n); }
export function unaryNegate(x: usize, out: usize, n: i32): void { map<functions.Negate>(x, out, n); }
export function unaryAbs(x: usize, out: usize, n: i32): void { map<functions.Abs>(x, out, n); }
export function unarySign(x: usize, out: usize, n: i32): void { map<functions.Sign>(x, out, n); }
export function unarySquare(x: usize, out: usize, n: i32): void { map<functions.Square>(x, out, n); }
export function unarySqrt(x: usize, out: usize, n: i32): void { map<functions.Sqrt>(x, out, n); }
export function unaryReciprocal(x: usize, out: usize, n: i32): void { map<functions.Reciprocal>(x, out, n); }
export function unaryLog(x: usize, out: usize, n: i32): void { map<functions.Log>(x, out, n); }
export function unaryLog1p(x: usize, out: usize, n: i32): void { map<functions.Log1p>(x, out, n); }
export function unaryLogSigmoid(x: usize, out: usize, n: i32): void { map<functions.LogSigmoid>(x, out, n); }
export function unaryLogCosh(x: usize, out: usize, n: i32): void { map<functions.LogCosh>(x, out, n); }
export function unarySin(x: usize, out: usize, n: i32): void { mapCalling<functions.Sin>(x, out, n); }
export function unaryCos(x: usize, out: usize, n: i32): void { mapCalling<functions.Cos>(x, out, n); }

export function gradientLinear(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Linear>(x, y, dy, dx, n); }
export function gradientSigmoid(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Sigmoid>(x, y, dy, dx, n); }
export function gradientTanh(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Tanh>(x, y, dy, dx, n); }
export function gradientRelu(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Relu>(x, y, dy, dx, n); }
export function gradientRelu6(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Relu6>(x, y, dy, dx, n); }
export function gradientLeakyRelu(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.LeakyRelu>(x, y, dy, dx, n); }
export function gradientElu(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Elu>(x, y, dy, dx, n); }
export function gradientSelu(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Selu>(x, y, dy, dx, n); }
export function gradientSoftplus(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Softplus>(x, y, dy, dx, n); }
export function gradientSoftsign(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Softsign>(x, y, dy, dx, n); }
export function gradientHardSigmoid(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.HardSigmoid>(x, y, dy, dx, n); }
export function gradientHardTanh(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.HardTanh>(x, y, dy, dx, n); }
export function gradientExponential(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Exponential>(x, y, dy, dx, n); }
export function gradientGelu(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Gelu>(x, y, dy, dx, n); }
export function gradientSilu(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Silu>(x, y, dy, dx, n); }
export function gradientMish(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Mish>(x, y, dy, dx, n); }
export function gradientNegate(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Negate>(x, y, dy, dx, n); }
export function gradientAbs(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Abs>(x, y, dy, dx, n); }
export function gradientSign(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Sign>(x, y, dy, dx, n); }
export function gradientSquare(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Square>(x, y, dy, dx, n); }
export function gradientSqrt(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Sqrt>(x, y, dy, dx, n); }
export function gradientReciprocal(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Reciprocal>(x, y, dy, dx, n); }
export function gradientLog(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Log>(x, y, dy, dx, n); }
export function gradientLog1p(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Log1p>(x, y, dy, dx, n); }
export function gradientLogSigmoid(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.LogSigmoid>(x, y, dy, dx, n); }
export function gradientLogCosh(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.LogCosh>(x, y, dy, dx, n); }
export function gradientSin(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Sin>(x, y, dy, dx, n); }
export function gradientCos(x: usize, y: usize, dy: usize, dx: usize, n: i32): void { mapGradient<functions.Cos>(x, y, dy, dx, n); }
