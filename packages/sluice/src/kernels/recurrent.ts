import { multiply, multiplyPacked, nearColumns } from "./matmul";
import { storePart, storeUpTo } from "./simd";

// What the runs of all cells share. A run works on batch rows first … last−1 of time-major arrays, so that parts of a
// batch may run side by side; the products over all steps (input gradient, weight gradients) are calls of their own.

/** Numbers of gates that the input products of one chunk of steps write before the recurrence reads them. */
const CHUNK: i32 = 65536;
/** Fewest rows a chunk hands to one product, when it may choose. */
const CHUNK_ROWS: i32 = 192;

/** Whether row `row` of [T·B] takes part. */
@inline
export function isUsed(mask: usize, row: i32): bool {
  return mask == 0 || load<f32>(mask + (<usize>row << 2)) != 0;
}

/** Pointer to row `row` of a matrix with rows of `n` numbers. */
@inline
export function rowOf(matrix: usize, row: i32, n: i32): usize {
  return matrix + ((<usize>row * <usize>n) << 2);
}

/** Bytes of `steps` steps of a batch in rows of `n` numbers. */
@inline
export function stepBytes(steps: i32, B: i32, n: i32): usize {
  return (<usize>(steps * B) * <usize>n) << 2;
}

/** Rows of `out` = bias, or 0. */
export function startRows(out: usize, bias: usize, rows: i32, N: i32): void {
  const bytes = <usize>N << 2;
  if (bias == 0) memory.fill(out, 0, <usize>rows * bytes);
  else for (let i = 0; i < rows; i++) memory.copy(out + <usize>i * bytes, bias, bytes);
}

/** Rows first … of `state` [B, H] = those of `from`, or 0; gives the first of them. */
export function startState(state: usize, from: usize, first: i32, rows: i32, H: i32): usize {
  const to = rowOf(state, first, H);
  const bytes = (<usize>rows * <usize>H) << 2;
  if (from == 0) memory.fill(to, 0, bytes);
  else memory.copy(to, rowOf(from, first, H), bytes);
  return to;
}

/** out [rows, N] += a [rows, K] · weights [K, N]: by their packed form when there is one, else read where they lie. */
export function addProduct(
  a: usize, K: i32, packed: usize, weights: usize, weightsRow: i32, out: usize, outRow: i32, rows: i32, N: i32, scratch: usize,
): void {
  const aRow = <usize>K << 2;
  const step = <usize>outRow << 2;
  if (packed) multiplyPacked(a, aRow, packed, out, step, rows, N, K, out, step, scratch);
  else multiply(a, aRow, 4, weights, <usize>weightsRow << 2, 4, out, step, rows, N, K, true, scratch);
}

/** Steps whose input products are made together. */
export function chunkSteps(rows: i32, N: i32): i32 {
  return max(1, max(CHUNK_ROWS, CHUNK / max(N, 1)) / max(rows, 1));
}

/**
 * gates of steps t … t+steps−1 = bias + x · kernel. Rows of the whole batch lie together and make one product; those of a
 * part are as many products as steps, so a block of columns that stays near serves every step before the next.
 */
export function startSteps(
  x: usize, I: i32, packed: usize, kernel: usize, bias: usize, gates: usize, N: i32,
  t: i32, steps: i32, B: i32, first: i32, last: i32, scratch: usize,
): void {
  const part = last - first;
  const whole = part == B || steps == 1;
  const rows = whole ? (steps - 1) * B + part : part;
  const products = whole ? 1 : steps;
  const start = t * B + first;
  if (packed == 0 || I == 0) {
    for (let s = 0; s < products; s++) {
      const row = start + s * B;
      startRows(rowOf(gates, row, N), bias, rows, N);
      addProduct(rowOf(x, row, I), I, 0, kernel, N, rowOf(gates, row, N), N, rows, N, scratch);
    }
    return;
  }
  const width = whole ? max(N, 1) : nearColumns(I);
  for (let j = 0; j < N; j += width) {
    const offset = <usize>j << 2;
    const panels = packed + <usize>I * offset;
    const columns = min(width, N - j);
    const from: usize = bias ? bias + offset : 0;
    for (let s = 0; s < products; s++) {
      const row = start + s * B;
      const out = rowOf(gates, row, N) + offset;
      multiplyPacked(rowOf(x, row, I), <usize>I << 2, panels, out, <usize>N << 2, rows, columns, I, from, 0, scratch);
    }
  }
}

/** Stores the first `count` of eight neighbours. */
@inline
export function storePair(at: usize, v0: v128, v1: v128, count: i32): void {
  if (count == 8) {
    v128.store(at, v0);
    v128.store(at, v1, 16);
  } else {
    storeUpTo(at, v0, count);
    if (count > 4) storePart(at + 16, v1, count - 4);
  }
}

/** to [n] += from. */
export function addRow(from: usize, to: usize, n: i32): void {
  for (let i = 0; i < n; i += 4, from += 16, to += 16) {
    storeUpTo(to, f32x4.add(v128.load(to), v128.load(from)), n - i);
  }
}
