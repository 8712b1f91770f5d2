import * as functions from "./functions";
import { storeUpTo } from "./simd";

// out [rows, n] = f(a, b), dense; each input has a stride for rows and one for the elements of a row (0 where it is
// broadcast), in bytes. Each function is an export of its own, as in elementwise.ts.

/** Four elements from `i` on, `step` bytes apart; those past the last, n − 1, repeat it. */
function gather(row: usize, step: i32, i: i32, n: i32): v128 {
  const last = n - 1;
  const at = row + i * step;
  const v = v128.load32_splat(at);
  const v1 = v128.load32_lane(row + min(i + 1, last) * step, v, 1);
  const v2 = v128.load32_lane(row + min(i + 2, last) * step, v1, 2);
  return v128.load32_lane(row + min(i + 3, last) * step, v2, 3);
}

/** A run of both inputs, or of one beside a number, or any steps. `out` may be a dense input. */
function combine<F>(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  const f = changetype<F>(0);
  for (let row = 0; row < rows; row++, a += aRow, b += bRow, out += n << 2) {
    let at = out;
    if (aStep == 4 && bStep == 4) {
      for (let i = 0, x = a, y = b; i < n; i += 4, x += 16, y += 16, at += 16) {
        storeUpTo(at, f.value(v128.load(x), v128.load(y)), n - i);
      }
    } else if (aStep == 4 && bStep == 0) {
      const y = v128.load32_splat(b);
      for (let i = 0, x = a; i < n; i += 4, x += 16, at += 16) {
        storeUpTo(at, f.value(v128.load(x), y), n - i);
      }
    } else if (aStep == 0 && bStep == 4) {
      const x = v128.load32_splat(a);
      for (let i = 0, y = b; i < n; i += 4, y += 16, at += 16) {
        storeUpTo(at, f.value(x, v128.load(y)), n - i);
      }
    } else {
      for (let i = 0; i < n; i += 4, at += 16) {
        storeUpTo(at, f.value(gather(a, aStep, i, n), gather(b, bStep, i, n)), n - i);
      }
    }
  }
}

export function binaryAdd(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Add>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binarySubtract(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Subtract>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryMultiply(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Multiply>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryDivide(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Divide>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryMinimum(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Minimum>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryMaximum(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Maximum>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryPower(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Power>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryLess(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Less>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryLessEqual(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.LessEqual>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
export function binaryEqual(
  a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  combine<functions.Equal>(a, aRow, aStep, b, bRow, bStep, out, rows, n);
}
