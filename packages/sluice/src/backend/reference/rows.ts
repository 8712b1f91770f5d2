import type { HostArray } from "../backend.ts";

/** out [count, width] = table[indices[k]]. */
export function gatherRows(table: HostArray, indices: HostArray, out: HostArray, count: number, width: number): void {
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < width; j++) out[k * width + j] = table[indices[k]! * width + j]!;
  }
}

/** dTable[indices[k]] += dy[k], in the order of k; the gradient of `gatherRows`. */
export function scatterAddRows(dy: HostArray, indices: HostArray, dTable: HostArray, count: number, width: number): void {
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < width; j++) dTable[indices[k]! * width + j]! += dy[k * width + j]!;
  }
}
