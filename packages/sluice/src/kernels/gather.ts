import { storeUpTo } from "./simd";

// Rows of a table by index, and the gradient of that. Indices are whole float32 numbers within the table.

@inline
function rowAt(table: usize, indices: usize, k: i32, width: i32): usize {
  return table + ((<usize>f32.load(indices + (k << 2)) * <usize>width) << 2);
}

/** out [count, width] = table[indices[k]]. */
export function gatherRows(table: usize, indices: usize, out: usize, count: i32, width: i32): void {
  for (let k = 0; k < count; k++, out += width << 2) {
    const row = rowAt(table, indices, k, width);
    for (let j = 0; j < width; j += 4) storeUpTo(out + (j << 2), v128.load(row + (j << 2)), width - j);
  }
}

/** dTable[indices[k]] += dy[k], in the order of k. */
export function scatterAddRows(dy: usize, indices: usize, dTable: usize, count: i32, width: i32): void {
  for (let k = 0; k < count; k++, dy += width << 2) {
    const row = rowAt(dTable, indices, k, width);
    for (let j = 0; j < width; j += 4) {
      const at = j << 2;
      storeUpTo(row + at, f32x4.add(v128.load(row + at), v128.load(dy + at)), width - j);
    }
  }
}
