import { Maximum, Minimum } from "./functions";
import { loadUpTo, select, firstLanes, storeUpTo, sumLanes } from "./simd";

// Sums, largest and smallest. Each sum adds its terms in an order that follows from their number alone.

/** What a sum over rows adds up: the elements of x, or their products with those of y. */
@unmanaged export class Element {
  @inline at(x: usize, y: usize): v128 { return v128.load(x); }
}
@unmanaged export class Product {
  @inline at(x: usize, y: usize): v128 { return f32x4.mul(v128.load(x), v128.load(y)); }
}

/** Terms that are summed in 16 running sums before sums of such blocks are joined pairwise. */
const BLOCK: i32 = 256;

function sumBlock(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let i = 0;
  for (; i + 16 <= n; i += 16, x += 64) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
  }
  for (; i < n; i += 4, x += 16) s0 = f32x4.add(s0, loadUpTo(x, n - i));
  return sumLanes(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}

/** Σ x [n]. */
export function sum(x: usize, n: i32): f32 {
  if (n <= BLOCK) return sumBlock(x, n);
  const half = (n >> 1) & ~15;
  return sum(x, half) + sum(x + (half << 2), n - half);
}

/** Rows that are summed in four running sums before sums of such blocks are joined pairwise. */
const ROW_BLOCK: i32 = 32;

/** Bytes of scratch that `sumRows` needs. */
export function sumRowsScratch(rows: i32, columns: i32): i32 {
  let levels = 0;
  for (let left = rows; left > ROW_BLOCK; left -= left >> 1) levels++;
  return levels * rowBytes(columns);
}

@inline
function rowBytes(columns: i32): i32 {
  return ((columns + 3) & ~3) << 2;
}

function sumFewRows<F>(x: usize, y: usize, out: usize, rows: i32, columns: i32): void {
  const term = changetype<F>(0);
  const row = <usize>columns << 2;
  for (let j = 0; j < columns; j += 4, x += 16, y += 16, out += 16) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let at = x;
    let by = y;
    let i = 0;
    for (; i + 4 <= rows; i += 4, at += 4 * row, by += 4 * row) {
      s0 = f32x4.add(s0, term.at(at, by));
      s1 = f32x4.add(s1, term.at(at + row, by + row));
      s2 = f32x4.add(s2, term.at(at + 2 * row, by + 2 * row));
      s3 = f32x4.add(s3, term.at(at + 3 * row, by + 3 * row));
    }
    for (; i < rows; i++, at += row, by += row) s0 = f32x4.add(s0, term.at(at, by));
    storeUpTo(out, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), columns - j);
  }
}

/** out [columns] = Σ over the rows of F's terms of x and y [rows, columns]. */
export function sumRowsOf<F>(x: usize, y: usize, out: usize, rows: i32, columns: i32, scratch: usize): void {
  if (rows <= ROW_BLOCK) {
    sumFewRows<F>(x, y, out, rows, columns);
    return;
  }
  const half = rows >> 1;
  const skipped = <usize>half * <usize>columns << 2;
  sumRowsOf<F>(x, y, out, half, columns, scratch + rowBytes(columns));
  sumRowsOf<F>(x + skipped, y + skipped, scratch, rows - half, columns, scratch + rowBytes(columns));
  for (let j = 0; j < columns; j += 4, out += 16, scratch += 16) {
    storeUpTo(out, f32x4.add(v128.load(out), v128.load(scratch)), columns - j);
  }
}

/** out [columns] = Σ over the rows of x [rows, columns]. `scratch`: see `sumRowsScratch`. */
export function sumRows(x: usize, out: usize, rows: i32, columns: i32, scratch: usize): void {
  sumRowsOf<Element>(x, x, out, rows, columns, scratch);
}

/** x [outer, n, inner] → out [outer, inner]. `scratch` for rows n and columns `inner`. */
export function reduceSum(x: usize, out: usize, outer: i32, n: i32, inner: i32, scratch: usize): void {
  for (let o = 0; o < outer; o++, x += (n * inner) << 2, out += inner << 2) {
    if (inner == 1) f32.store(out, sum(x, n));
    else sumRows(x, out, n, inner, scratch);
  }
}

function reduceWith<F>(x: usize, out: usize, outer: i32, n: i32, inner: i32, start: f32): void {
  const f = changetype<F>(0);
  for (let o = 0; o < outer; o++, x += (n * inner) << 2, out += inner << 2) {
    if (inner == 1) {
      let found = f32x4.splat(start);
      for (let i = 0, at = x; i < n; i += 4, at += 16) {
        found = f.value(found, select(firstLanes(n - i), v128.load(at), f32x4.splat(start)));
      }
      found = f.value(found, v128.shuffle<f32>(found, found, 2, 3, 0, 1));
      found = f.value(found, v128.shuffle<f32>(found, found, 1, 0, 3, 2));
      f32.store(out, f32x4.extract_lane(found, 0));
    } else {
      for (let j = 0; j < inner; j += 4) {
        let found = f32x4.splat(start);
        for (let i = 0, at = x + (j << 2); i < n; i++, at += inner << 2) {
          found = f.value(found, v128.load(at));
        }
        storeUpTo(out + (j << 2), found, inner - j);
      }
    }
  }
}

/** x [outer, n, inner] → out [outer, inner]; −∞ for n = 0, NaN where a term is NaN. */
export function reduceMax(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduceWith<Maximum>(x, out, outer, n, inner, -Infinity);
}

/** x [outer, n, inner] → out [outer, inner]; +∞ for n = 0, NaN where a term is NaN. */
export function reduceMin(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  reduceWith<Minimum>(x, out, outer, n, inner, Infinity);
}
