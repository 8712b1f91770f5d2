import { fma, storeUpTo } from "./simd";

// Optimizer steps over a parameter p [n] with gradient g [n] and slots [n], in place, one pass. The equations stand at
// `UpdateRule` in backend/kernels.ts; each hyper-parameter arrives as float32, 1 − β rounded from the exact difference.

/** average += (x − average)·rest. */
@inline
function follow(average: v128, x: v128, rest: v128): v128 {
  return fma(f32x4.sub(x, average), rest, average);
}

export function updateSgd(p: usize, g: usize, n: i32, lr: f32): void {
  for (let i = 0; i < n; i += 4, p += 16, g += 16) {
    storeUpTo(p, fma(v128.load(g), f32x4.splat(-lr), v128.load(p)), n - i);
  }
}

export function updateMomentum(p: usize, g: usize, v: usize, n: i32, lr: f32, momentum: f32, nesterov: bool): void {
  const m = f32x4.splat(momentum);
  for (let i = 0; i < n; i += 4, p += 16, g += 16, v += 16) {
    const push = f32x4.mul(v128.load(g), f32x4.splat(-lr));
    const velocity = fma(m, v128.load(v), push);
    storeUpTo(v, velocity, n - i);
    storeUpTo(p, f32x4.add(v128.load(p), nesterov ? fma(m, velocity, push) : velocity), n - i);
  }
}

export function updateRmsprop(
  p: usize, g: usize, s: usize, v: usize, a: usize, n: i32,
  lr: f32, rho: f32, rest: f32, epsilon: f32, momentum: f32, centered: bool,
): void {
  for (let i = 0; i < n; i += 4, p += 16, g += 16, s += 16, v += 16, a += 16) {
    const gradient = v128.load(g);
    const square = fma(f32x4.splat(rho), v128.load(s), f32x4.mul(f32x4.splat(rest), f32x4.mul(gradient, gradient)));
    storeUpTo(s, square, n - i);
    let denominator = square;
    if (centered) {
      const mean = fma(f32x4.splat(rho), v128.load(a), f32x4.mul(f32x4.splat(rest), gradient));
      storeUpTo(a, mean, n - i);
      denominator = f32x4.sub(square, f32x4.mul(mean, mean));
    }
    const root = f32x4.sqrt(f32x4.add(denominator, f32x4.splat(epsilon)));
    let step = f32x4.div(f32x4.mul(f32x4.splat(lr), gradient), root);
    if (momentum > 0) {
      step = fma(f32x4.splat(momentum), v128.load(v), step);
      storeUpTo(v, step, n - i);
    }
    storeUpTo(p, f32x4.sub(v128.load(p), step), n - i);
  }
}

export function updateAdam(
  p: usize, g: usize, m: usize, v: usize, n: i32, lr: f32, rest1: f32, rest2: f32, epsilon: f32, decay: f32,
): void {
  for (let i = 0; i < n; i += 4, p += 16, g += 16, m += 16, v += 16) {
    const gradient = v128.load(g);
    const mean = follow(v128.load(m), gradient, f32x4.splat(rest1));
    const square = follow(v128.load(v), f32x4.mul(gradient, gradient), f32x4.splat(rest2));
    storeUpTo(m, mean, n - i);
    storeUpTo(v, square, n - i);
    const kept = fma(v128.load(p), f32x4.splat(-decay), v128.load(p));
    const root = f32x4.add(f32x4.sqrt(square), f32x4.splat(epsilon));
    storeUpTo(p, f32x4.sub(kept, f32x4.div(f32x4.mul(f32x4.splat(lr), mean), root)), n - i);
  }
}

export function updateNadam(
  p: usize, g: usize, m: usize, v: usize, n: i32,
  lr: f32, rest1: f32, rest2: f32, epsilon: f32, cM: f32, cG: f32, vCorrection: f32,
): void {
  for (let i = 0; i < n; i += 4, p += 16, g += 16, m += 16, v += 16) {
    const gradient = v128.load(g);
    const mean = follow(v128.load(m), gradient, f32x4.splat(rest1));
    const square = follow(v128.load(v), f32x4.mul(gradient, gradient), f32x4.splat(rest2));
    storeUpTo(m, mean, n - i);
    storeUpTo(v, square, n - i);
    const direction = fma(f32x4.splat(cM), mean, f32x4.mul(f32x4.splat(cG), gradient));
    const root = f32x4.add(f32x4.sqrt(f32x4.mul(square, f32x4.splat(vCorrection))), f32x4.splat(epsilon));
    storeUpTo(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(f32x4.splat(lr), direction), root)), n - i);
  }
}

export function updateAdagrad(p: usize, g: usize, a: usize, n: i32, lr: f32, epsilon: f32): void {
  for (let i = 0; i < n; i += 4, p += 16, g += 16, a += 16) {
    const gradient = v128.load(g);
    const square = fma(gradient, gradient, v128.load(a));
    storeUpTo(a, square, n - i);
    const root = f32x4.sqrt(f32x4.add(square, f32x4.splat(epsilon)));
    storeUpTo(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(f32x4.splat(lr), gradient), root)), n - i);
  }
}

export function updateAdadelta(
  p: usize, g: usize, a: usize, d: usize, n: i32, lr: f32, rho: f32, rest: f32, epsilon: f32,
): void {
  const r = f32x4.splat(rest);
  const e = f32x4.splat(epsilon);
  for (let i = 0; i < n; i += 4, p += 16, g += 16, a += 16, d += 16) {
    const gradient = v128.load(g);
    const moved = v128.load(d);
    const square = fma(f32x4.splat(rho), v128.load(a), f32x4.mul(r, f32x4.mul(gradient, gradient)));
    const step = f32x4.div(f32x4.mul(gradient, f32x4.sqrt(f32x4.add(moved, e))), f32x4.sqrt(f32x4.add(square, e)));
    storeUpTo(a, square, n - i);
    storeUpTo(d, fma(f32x4.splat(rho), moved, f32x4.mul(r, f32x4.mul(step, step))), n - i);
    storeUpTo(p, fma(f32x4.splat(-lr), step, v128.load(p)), n - i);
  }
}
