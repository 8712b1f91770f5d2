import { ShapeError } from "../../errors.ts";
import { showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import { product } from "./matmul.ts";

const matmulTransposedOp = defineOp({
  name: "matmulTransposed",
  forward: (a: Tensor, b: Tensor) => ({ output: product(a, b, { transposeB: true }), saved: { a, b } }),
  backward: (dy, { a, b }) => [
    product(dy, b), //                        da = dy b
    product(dy, a, { transposeA: true }), // db = dyᵀ a
  ],
});

/**
 * a bᵀ for each entry of a common first axis, without a transposed copy: the products of every row of a with every row of b.
 * [batch, M, K] · [batch, N, K] → [batch, M, N].
 * @throws {ShapeError} when K or the first axes differ.
 */
export function matmulTransposed(a: Tensor, b: Tensor): Tensor {
  if (a.rank !== 3 || b.rank !== 3 || a.shape[0] !== b.shape[0] || a.shape[2] !== b.shape[2]) {
    throw new ShapeError(
      `Cannot multiply ${showShape(a.shape)} by the transpose of ${showShape(b.shape)}: the product reads [batch, M, K] · [batch, N, K], with one K.`,
    );
  }
  return matmulTransposedOp(a, b);
}
