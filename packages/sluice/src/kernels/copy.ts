import { column, storeUpTo } from "./simd";

// Strided copies. Pointers and strides inside this file are bytes.

/** From here on the engine's own copy is faster than a loop. */
const LONG_RUN: i32 = 1024;
/** Rows and columns of a transposed block; two of them stay in the first-level cache. */
const BLOCK: i32 = 32;

@inline
function put(out: usize, v: v128, left: i32, accumulate: bool): void {
  storeUpTo(out, accumulate ? f32x4.add(v128.load(out), v) : v, left);
}

function copyRun(x: usize, out: usize, n: i32, accumulate: bool): void {
  if (!accumulate && n >= LONG_RUN) {
    memory.copy(out, x, n << 2);
    return;
  }
  for (let i = 0; i < n; i += 4, x += 16, out += 16) put(out, v128.load(x), n - i, accumulate);
}

function repeatRun(x: usize, out: usize, n: i32, accumulate: bool): void {
  const v = v128.load32_splat(x);
  for (let i = 0; i < n; i += 4, out += 16) put(out, v, n - i, accumulate);
}

function stridedRun(x: usize, xStep: i32, out: usize, outStep: i32, n: i32, accumulate: bool): void {
  for (let i = 0; i < n; i++, x += xStep, out += outStep) {
    f32.store(out, accumulate ? f32.load(out) + f32.load(x) : f32.load(x));
  }
}

/** out[j, i] = x[i, j] for i < rows ≤ 4 and j < columns; x[i] and out[j] are runs. */
@inline
function transposeStrip(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, columns: i32, accumulate: bool): void {
  const row1 = rows > 1 ? xRow : 0;
  const row2 = rows > 2 ? 2 * xRow : 0;
  const row3 = rows > 3 ? 3 * xRow : 0;
  for (let j = 0; j < columns; j += 4, x += 16) {
    const a = v128.load(x);
    const b = v128.load(x + row1);
    const c = v128.load(x + row2);
    const d = v128.load(x + row3);
    put(out, column(0, a, b, c, d), rows, accumulate);
    out += outRow;
    if (j + 1 < columns) put(out, column(1, a, b, c, d), rows, accumulate);
    out += outRow;
    if (j + 2 < columns) put(out, column(2, a, b, c, d), rows, accumulate);
    out += outRow;
    if (j + 3 < columns) put(out, column(3, a, b, c, d), rows, accumulate);
    out += outRow;
  }
}

/** out[j, i] = x[i, j], block by block. */
function transpose(x: usize, xRow: i32, out: usize, outRow: i32, rows: i32, columns: i32, accumulate: bool): void {
  for (let j = 0; j < columns; j += BLOCK) {
    const width = min(BLOCK, columns - j);
    for (let i = 0; i < rows; i += 4) {
      transposeStrip(x + i * xRow + (j << 2), xRow, out + j * outRow + (i << 2), outRow, min(4, rows - i), width, accumulate);
    }
  }
}

/**
 * out[k, j, i] = x[k, j, i], or +=, over n2 × n1 × n0 elements, each side through its strides (in elements; index 0 is the
 * innermost axis). Runs are copied as runs, and a plane whose axes change places goes through 4 × 4 blocks.
 */
export function copy(
  x: usize, xs0: i32, xs1: i32, xs2: i32, out: usize, os0: i32, os1: i32, os2: i32,
  n0: i32, n1: i32, n2: i32, accumulate: bool,
): void {
  for (let k = 0; k < n2; k++, x += xs2 << 2, out += os2 << 2) {
    if (os0 == 1 && xs1 == 1 && xs0 != 1 && n1 > 1) {
      transpose(x, xs0 << 2, out, os1 << 2, n0, n1, accumulate);
      continue;
    }
    for (let j = 0, from = x, to = out; j < n1; j++, from += xs1 << 2, to += os1 << 2) {
      if (os0 == 1 && xs0 == 1) copyRun(from, to, n0, accumulate);
      else if (os0 == 1 && xs0 == 0) repeatRun(from, to, n0, accumulate);
      else stridedRun(from, xs0 << 2, to, os0 << 2, n0, accumulate);
    }
  }
}
