import * as functions from "./functions";
import { select, storeUpTo } from "./simd";

// Functions applied element by element. The codes are the places of the names in backend/wasm/elementwise.ts.

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

function mapGradient<F>(x: usize, y: usize, dy: usize, dx: usize, n: i32): void {
  const f = changetype<F>(0);
  for (let i = 0; i < n; i += 4, x += 16, y += 16, dy += 16, dx += 16) {
    storeUpTo(dx, f32x4.mul(v128.load(dy), f.slope(v128.load(y), v128.load(x))), n - i);
  }
}

/** out [n] = f(x). `out` may be `x`. */
export function unary(code: i32, x: usize, out: usize, n: i32): void {
  switch (code) {
    case 0: return map<functions.Linear>(x, out, n);
    case 1: return map<functions.Sigmoid>(x, out, n);
    case 2: return map<functions.Tanh>(x, out, n);
    case 3: return map<functions.Relu>(x, out, n);
    case 4: return map<functions.Relu6>(x, out, n);
    case 5: return map<functions.LeakyRelu>(x, out, n);
    case 6: return map<functions.Elu>(x, out, n);
    case 7: return map<functions.Selu>(x, out, n);
    case 8: return map<functions.Softplus>(x, out, n);
    case 9: return map<functions.Softsign>(x, out, n);
    case 10: return map<functions.HardSigmoid>(x, out, n);
    case 11: return map<functions.HardTanh>(x, out, n);
    case 12: return map<functions.Exponential>(x, out, n);
    case 13: return map<functions.Gelu>(x, out, n);
    case 14: return map<functions.Silu>(x, out, n);
    case 15: return map<functions.Mish>(x, out, n);
    case 16: return map<functions.Negate>(x, out, n);
    case 17: return map<functions.Abs>(x, out, n);
    case 18: return map<functions.Sign>(x, out, n);
    case 19: return map<functions.Square>(x, out, n);
    case 20: return map<functions.Sqrt>(x, out, n);
    case 21: return map<functions.Reciprocal>(x, out, n);
    case 22: return map<functions.Log>(x, out, n);
    case 23: return map<functions.Log1p>(x, out, n);
    case 24: return map<functions.LogSigmoid>(x, out, n);
    case 25: return map<functions.LogCosh>(x, out, n);
    case 26: return map<functions.Sin>(x, out, n);
    case 27: return map<functions.Cos>(x, out, n);
  }
}

/** dx [n] = dy ⊙ f′, from y = f(x) and x. `dx` may be `dy`. */
export function unaryGradient(code: i32, x: usize, y: usize, dy: usize, dx: usize, n: i32): void {
  switch (code) {
    case 0: return mapGradient<functions.Linear>(x, y, dy, dx, n);
    case 1: return mapGradient<functions.Sigmoid>(x, y, dy, dx, n);
    case 2: return mapGradient<functions.Tanh>(x, y, dy, dx, n);
    case 3: return mapGradient<functions.Relu>(x, y, dy, dx, n);
    case 4: return mapGradient<functions.Relu6>(x, y, dy, dx, n);
    case 5: return mapGradient<functions.LeakyRelu>(x, y, dy, dx, n);
    case 6: return mapGradient<functions.Elu>(x, y, dy, dx, n);
    case 7: return mapGradient<functions.Selu>(x, y, dy, dx, n);
    case 8: return mapGradient<functions.Softplus>(x, y, dy, dx, n);
    case 9: return mapGradient<functions.Softsign>(x, y, dy, dx, n);
    case 10: return mapGradient<functions.HardSigmoid>(x, y, dy, dx, n);
    case 11: return mapGradient<functions.HardTanh>(x, y, dy, dx, n);
    case 12: return mapGradient<functions.Exponential>(x, y, dy, dx, n);
    case 13: return mapGradient<functions.Gelu>(x, y, dy, dx, n);
    case 14: return mapGradient<functions.Silu>(x, y, dy, dx, n);
    case 15: return mapGradient<functions.Mish>(x, y, dy, dx, n);
    case 16: return mapGradient<functions.Negate>(x, y, dy, dx, n);
    case 17: return mapGradient<functions.Abs>(x, y, dy, dx, n);
    case 18: return mapGradient<functions.Sign>(x, y, dy, dx, n);
    case 19: return mapGradient<functions.Square>(x, y, dy, dx, n);
    case 20: return mapGradient<functions.Sqrt>(x, y, dy, dx, n);
    case 21: return mapGradient<functions.Reciprocal>(x, y, dy, dx, n);
    case 22: return mapGradient<functions.Log>(x, y, dy, dx, n);
    case 23: return mapGradient<functions.Log1p>(x, y, dy, dx, n);
    case 24: return mapGradient<functions.LogSigmoid>(x, y, dy, dx, n);
    case 25: return mapGradient<functions.LogCosh>(x, y, dy, dx, n);
    case 26: return mapGradient<functions.Sin>(x, y, dy, dx, n);
    case 27: return mapGradient<functions.Cos>(x, y, dy, dx, n);
  }
}
