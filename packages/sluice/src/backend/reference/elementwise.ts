import type { HostArray } from "../backend.ts";
import type { BinaryName, UnaryName, View } from "../kernels.ts";
import { BINARY, UNARY } from "./functions.ts";

/** out = f(x). */
export function unary(name: UnaryName, x: HostArray, out: HostArray): void {
  const { value } = UNARY[name];
  for (let i = 0; i < x.length; i++) out[i] = value(x[i]!);
}

/** dx = dy ⊙ f′(x), with y = f(x). */
export function unaryGradient(name: UnaryName, x: HostArray, y: HostArray, dy: HostArray, dx: HostArray): void {
  const { slope } = UNARY[name];
  for (let i = 0; i < x.length; i++) dx[i] = dy[i]! * slope(y[i]!, x[i]!);
}

/** out [shape] = f(a, b), each input through its own strides. */
export function binary(
  name: BinaryName,
  a: HostArray,
  aStrides: readonly number[],
  b: HostArray,
  bStrides: readonly number[],
  out: HostArray,
  shape: readonly number[],
): void {
  const f = BINARY[name];
  const aAt = places(shape, { offset: 0, strides: aStrides });
  const bAt = places(shape, { offset: 0, strides: bStrides });
  for (let i = 0; i < aAt.length; i++) out[i] = f(a[aAt[i]!]!, b[bAt[i]!]!);
}

/** out = condition ≠ 0 ? a : b. */
export function select(condition: HostArray, a: HostArray, b: HostArray, out: HostArray): void {
  for (let i = 0; i < out.length; i++) out[i] = condition[i] !== 0 ? a[i]! : b[i]!;
}

/** out(view) = x(view), or += with `accumulate`. */
export function copy(
  x: HostArray,
  xView: View,
  out: HostArray,
  outView: View,
  shape: readonly number[],
  accumulate: boolean,
): void {
  const from = places(shape, xView);
  const to = places(shape, outView);
  for (let i = 0; i < from.length; i++) out[to[i]!] = x[from[i]!]! + (accumulate ? out[to[i]!]! : 0);
}

/** Where the elements of a view sit, in row-major order of `shape`: axis by axis, each place becomes n places. */
function places(shape: readonly number[], { offset, strides }: View): Int32Array {
  let at = Int32Array.of(offset);
  shape.forEach((n, axis) => {
    const inner = new Int32Array(at.length * n);
    for (let i = 0; i < at.length; i++) {
      for (let k = 0; k < n; k++) inner[i * n + k] = at[i]! + k * strides[axis]!;
    }
    at = inner;
  });
  return at;
}
