import type { HostArray, Storage } from "../backend.ts";

/** A kernel's argument with the numbers themselves where the contract has storages. */
export type OnArrays<Run> = {
  readonly [Key in keyof Run]: Storage extends Run[Key] ? HostArray | Extract<Run[Key], null> : Run[Key];
};

/** Row `index` of a matrix with rows of `width`, as a view. */
export function rowOf(matrix: HostArray, index: number, width: number): HostArray {
  return matrix.subarray(index * width, (index + 1) * width);
}

/** y_k += x_k. */
export function addTo(y: HostArray, x: HostArray): void {
  for (let k = 0; k < y.length; k++) y[k]! += x[k]!;
}

/** y_k += Σ_i a_i W[i, column + k]; W has rows of `width`, y may be shorter: a block of its columns. */
export function addProduct(y: HostArray, a: HostArray, W: HostArray, width: number, column: number): void {
  for (let i = 0; i < a.length; i++) {
    for (let k = 0; k < y.length; k++) y[k]! += a[i]! * W[i * width + column + k]!;
  }
}

/** The first gradient of `addProduct`: da_i += Σ_k dy_k W[i, column + k]. */
export function addProductTransposed(da: HostArray, dy: HostArray, W: HostArray, width: number, column: number): void {
  for (let i = 0; i < da.length; i++) {
    for (let k = 0; k < dy.length; k++) da[i]! += dy[k]! * W[i * width + column + k]!;
  }
}

/** The second gradient of `addProduct`: dW[i, column + k] += a_i dy_k. */
export function addOuter(dW: HostArray, a: HostArray, dy: HostArray, width: number, column: number): void {
  for (let i = 0; i < a.length; i++) {
    for (let k = 0; k < dy.length; k++) dW[i * width + column + k]! += a[i]! * dy[k]!;
  }
}
