import { ShapeError } from "../../errors.ts";
import { showShape, sizeOf } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import { sumTo } from "./reduce-axes.ts";
import { reshape } from "./shape.ts";

/** Which of a product's factors are stored transposed. */
export interface Transposes {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** The kernel call for rank 2, or rank 3 with a common first axis; nothing is recorded. */
export function product(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: Transposes = {}): Tensor {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const M = transposeA ? aColumns : aRows;
  const K = transposeA ? aRows : aColumns;
  const N = transposeB ? bRows : bColumns;
  const batch = a.rank === 3 ? (a.shape[0] as number) : 1;
  const out = allocate(a.rank === 3 ? [batch, M, N] : [M, N], a.backend);
  a.backend.kernels.matmul(a.storage, b.storage, out.storage, { M, N, K, transposeA, transposeB, batch, accumulate: false });
  return out;
}

const matmulOp = defineOp({
  name: "matmul",
  forward: (a: Tensor, b: Tensor) => ({ output: product(a, b), saved: { a, b } }),
  backward: (dy, { a, b }) => [
    product(dy, b, { transposeB: true }), // da = dy bᵀ
    product(a, dy, { transposeA: true }), // db = aᵀ dy
  ],
});

/**
 * Matrix product: [M, K] · [K, N] → [M, N], or the same for each entry of a common first axis.
 * @throws {ShapeError} when the inner sizes or the first axes differ.
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  const fits =
    a.rank === b.rank && (a.rank === 2 || (a.rank === 3 && a.shape[0] === b.shape[0])) && a.shape.at(-1) === b.shape.at(-2);
  if (!fits) {
    throw new ShapeError(
      `Cannot multiply ${showShape(a.shape)} by ${showShape(b.shape)}: a product reads [M, K] · [K, N], or [batch, M, K] · [batch, K, N], with one K.`,
    );
  }
  return matmulOp(a, b);
}

const linearOp = defineOp({
  name: "linear",
  forward: (x: Tensor, weight: Tensor, bias: Tensor | null) => {
    const [I, O] = weight.shape as [number, number];
    const B = x.shape[0] as number;
    const y = allocate([B, O], x.backend);
    const { kernels } = x.backend;
    if (bias)
      kernels.copy(bias.storage, { offset: 0, strides: [0, 1] }, y.storage, { offset: 0, strides: [O, 1] }, [B, O], false);
    kernels.matmul(x.storage, weight.storage, y.storage, {
      M: B,
      N: O,
      K: I,
      transposeA: false,
      transposeB: false,
      batch: 1,
      accumulate: bias !== null,
    });
    return { output: y, saved: { x, weight, bias } };
  },
  backward: (dy, { x, weight, bias }) => [
    product(dy, weight, { transposeB: true }), // dx      = dy Wᵀ   [B, I]
    product(x, dy, { transposeA: true }), //      dWeight = xᵀ dy   [I, O]
    bias && sumTo(dy, bias.shape), //             dBias   = Σ_b dy  [O]
  ],
});

/**
 * y = x W + b over the last axis.   x [..., I], weight [I, O], bias [O] → y [..., O].
 * @throws {ShapeError} when the last axis of x is not I.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null): Tensor {
  const I = weight.shape[0] as number;
  if (x.rank < 1 || x.shape.at(-1) !== I) {
    throw new ShapeError(`Cannot apply weights ${showShape(weight.shape)} to ${showShape(x.shape)}: the last axis must be ${I}.`);
  }
  const lead = x.shape.slice(0, -1);
  const y = linearOp(reshape(x, [sizeOf(lead), I]), weight, bias);
  return reshape(y, [...lead, weight.shape[1] as number]);
}
