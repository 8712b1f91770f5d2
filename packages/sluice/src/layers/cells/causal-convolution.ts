import { add, multiply } from "../../autograd/ops/elementwise.ts";
import { concat, reshape, slice, split } from "../../autograd/ops/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/**
 * Each channel convolved along time with K weights of its own, over the past alone: y_t = Σ_k w_k ⊙ x_{t−K+1+k} + b.
 * x [B, T, C], before = the K − 1 steps before them [B, K − 1, C], kernel [K, C], bias [C] → y [B, T, C] and the K − 1 last steps.
 */
export function causalConvolution(x: Tensor, before: Tensor, kernel: Tensor, bias: Tensor): { y: Tensor; after: Tensor } {
  const [, T, C] = x.shape as [number, number, number];
  const K = kernel.shape[0] as number;
  const all = concat([before, x], { axis: 1 });
  const taps = split(kernel, K, { axis: 0 }).map((tap, k) => multiply(slice(all, k, k + T, { axis: 1 }), reshape(tap, [C])));
  return {
    y: add(
      taps.reduce((sum, tap) => add(sum, tap)),
      bias,
    ),
    after: slice(all, T, T + K - 1, { axis: 1 }),
  };
}
