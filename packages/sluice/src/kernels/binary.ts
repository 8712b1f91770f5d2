import * as functions from "./functions";
import { storeUpTo } from "./simd";

// out [rows, n] = f(a, b), dense; each input has a stride for rows and one for the elements of a row (0 where it is
// broadcast). The codes are the places of the names in backend/wasm/elementwise.ts.

/** Four elements from `i` on, `step` bytes apart; those past the last, n − 1, repeat it. */
function gather(row: usize, step: i32, i: i32, n: i32): v128 {
  const last = n - 1;
  const at = row + i * step;
  const v = v128.load32_splat(at);
  const v1 = v128.load32_lane(row + min(i + 1, last) * step, v, 1);
  const v2 = v128.load32_lane(row + min(i + 2, last) * step, v1, 2);
  return v128.load32_lane(row + min(i + 3, last) * step, v2, 3);
}

/** A run of both inputs, or of one beside a number, or any steps. */
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

/** Strides count elements. `out` may be a dense input. */
export function binary(
  code: i32, a: usize, aRow: i32, aStep: i32, b: usize, bRow: i32, bStep: i32, out: usize, rows: i32, n: i32,
): void {
  const ar = aRow << 2;
  const as = aStep << 2;
  const br = bRow << 2;
  const bs = bStep << 2;
  switch (code) {
    case 0: return combine<functions.Add>(a, ar, as, b, br, bs, out, rows, n);
    case 1: return combine<functions.Subtract>(a, ar, as, b, br, bs, out, rows, n);
    case 2: return combine<functions.Multiply>(a, ar, as, b, br, bs, out, rows, n);
    case 3: return combine<functions.Divide>(a, ar, as, b, br, bs, out, rows, n);
    case 4: return combine<functions.Minimum>(a, ar, as, b, br, bs, out, rows, n);
    case 5: return combine<functions.Maximum>(a, ar, as, b, br, bs, out, rows, n);
    case 6: return combine<functions.Power>(a, ar, as, b, br, bs, out, rows, n);
    case 7: return combine<functions.Less>(a, ar, as, b, br, bs, out, rows, n);
    case 8: return combine<functions.LessEqual>(a, ar, as, b, br, bs, out, rows, n);
    case 9: return combine<functions.Equal>(a, ar, as, b, br, bs, out, rows, n);
  }
}
