import { Element, Product, sum, sumRowsOf } from "./reduce";
import { firstLanes, fma, storeUpTo, sumLanes } from "./simd";

// Layer normalisation, forward and backward. Equations: backend/reference/norm.ts.

/** x [rows, n] → y, normalized [rows, n] and inverseStd [rows]; scale and shift [n], or 0 for none. */
export function layerNormForward(
  x: usize, scale: usize, shift: usize, epsilon: f32, y: usize, normalized: usize, inverseStd: usize, rows: i32, n: i32,
): void {
  for (let row = 0; row < rows; row++, x += n << 2, y += n << 2, normalized += n << 2, inverseStd += 4) {
    const mean = f32x4.splat(sum(x, n) / <f32>n);
    let s = f32x4.splat(0);
    for (let i = 0; i < n; i += 4) {
      const d = v128.and(f32x4.sub(v128.load(x + (i << 2)), mean), firstLanes(n - i));
      s = fma(d, d, s);
    }
    const inverse: f32 = 1 / sqrt<f32>(sumLanes(s) / <f32>n + epsilon);
    f32.store(inverseStd, inverse);
    for (let i = 0; i < n; i += 4) {
      const at = i << 2;
      let v = f32x4.mul(f32x4.sub(v128.load(x + at), mean), f32x4.splat(inverse));
      storeUpTo(normalized + at, v, n - i);
      if (scale) v = f32x4.mul(v, v128.load(scale + at));
      if (shift) v = f32x4.add(v, v128.load(shift + at));
      storeUpTo(y + at, v, n - i);
    }
  }
}

/** dx [rows, n]; dScale and dShift [n], or 0 for none. `scratch`: see `sumRowsScratch`. */
export function layerNormBackward(
  normalized: usize, inverseStd: usize, scale: usize, dy: usize, dx: usize, dScale: usize, dShift: usize,
  rows: i32, n: i32, scratch: usize,
): void {
  if (dScale) sumRowsOf<Product>(dy, normalized, dScale, rows, n, scratch);
  if (dShift) sumRowsOf<Element>(dy, dy, dShift, rows, n, scratch);
  const one = f32x4.splat(1);
  for (let row = 0; row < rows; row++, normalized += n << 2, dy += n << 2, dx += n << 2, inverseStd += 4) {
    let gSum = f32x4.splat(0);
    let projectionSum = gSum;
    for (let i = 0; i < n; i += 4) {
      const at = i << 2;
      const g = v128.and(f32x4.mul(v128.load(dy + at), scale ? v128.load(scale + at) : one), firstLanes(n - i));
      gSum = f32x4.add(gSum, g);
      projectionSum = f32x4.add(projectionSum, v128.and(f32x4.mul(g, v128.load(normalized + at)), firstLanes(n - i)));
    }
    const mean = f32x4.splat(sumLanes(gSum) / <f32>n);
    const projection = f32x4.splat(sumLanes(projectionSum) / <f32>n);
    const inverse = v128.load32_splat(inverseStd);
    for (let i = 0; i < n; i += 4) {
      const at = i << 2;
      const g = f32x4.mul(v128.load(dy + at), scale ? v128.load(scale + at) : one);
      const rest = f32x4.sub(f32x4.sub(g, mean), f32x4.mul(v128.load(normalized + at), projection));
      storeUpTo(dx + at, f32x4.mul(rest, inverse), n - i);
    }
  }
}
