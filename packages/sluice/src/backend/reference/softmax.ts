import type { HostArray } from "../backend.ts";

/**
 * Over each row: y = e^(x − m) / Σ e^(x − m), or its logarithm (x − m) − log Σ e^(x − m), with m the row's maximum,
 * which takes nothing from the value and keeps e^… from overflowing.   x [rows, n] → out [rows, n].
 */
export function softmax(x: HostArray, out: HostArray, rows: number, n: number, log: boolean): void {
  for (let row = 0; row < rows * n; row += n) {
    let m = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < n; k++) m = Math.max(m, x[row + k]!);
    let sum = 0;
    for (let k = 0; k < n; k++) sum += Math.exp(x[row + k]! - m);
    for (let k = 0; k < n; k++) out[row + k] = log ? x[row + k]! - m - Math.log(sum) : Math.exp(x[row + k]! - m) / sum;
  }
}

/** softmax: dx = y ⊙ (dy − Σ dy ⊙ y).   log-softmax: dx = dy − e^y Σ dy.   All [rows, n]. */
export function softmaxGradient(y: HostArray, dy: HostArray, dx: HostArray, rows: number, n: number, log: boolean): void {
  for (let row = 0; row < rows * n; row += n) {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += log ? dy[row + k]! : dy[row + k]! * y[row + k]!;
    for (let k = 0; k < n; k++) {
      dx[row + k] = log ? dy[row + k]! - Math.exp(y[row + k]!) * sum : y[row + k]! * (dy[row + k]! - sum);
    }
  }
}
