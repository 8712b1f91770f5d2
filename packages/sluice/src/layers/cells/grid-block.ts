import { add, multiply, sigmoid, tanh } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { concat, split } from "../../autograd/ops/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Parameter } from "../parameter.ts";

/** What enters or leaves a block along one dimension: hidden vector and memory, each [B, H]. */
export type GridVector = { readonly h: Tensor; readonly m: Tensor };

/** The weights of a block of N dimensions: kernel [N · H, N · 4H], bias [N · 4H]; for each dimension the blocks i f g o. */
export interface GridWeights {
  readonly kernel: Parameter;
  readonly bias: Parameter | null;
}

/** The weights of `depth` blocks on top of each other, made under "0", "1", …, or once under "shared". */
export function blockWeights(depth: number, tied: boolean, make: (prefix: string) => GridWeights): GridWeights[] {
  if (tied) return new Array<GridWeights>(depth).fill(make("shared"));
  return Array.from({ length: depth }, (_, level) => make(String(level)));
}

/**
 * A block of the grid LSTM [Kalchbrenner et al. 2015, arXiv:1507.01526]: an LSTM transition along each of N dimensions k, from the hidden
 * vectors of all of them:
 *
 *     i, f, g, o = W_k [h_1, …, h_N] + b_k      m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g)      h_k' = σ(o) ⊙ tanh(m_k')
 *
 * The `priority` dimension, if there is one, comes last, and reads h_j' in the place of h_j for every other dimension j.
 */
export function gridBlock(given: readonly GridVector[], { kernel, bias }: GridWeights, priority: number | null): GridVector[] {
  const N = given.length;
  const hidden = given.map(({ h }) => h);
  if (priority === null) {
    const raw = split(linear(concat(hidden), kernel.tensor, bias?.tensor ?? null), N);
    return given.map(({ m }, k) => transition(raw[k] as Tensor, m));
  }
  const kernels = split(kernel.tensor, N);
  const biases = bias ? split(bias.tensor, N) : [];
  const along = (k: number, read: readonly Tensor[]): GridVector =>
    transition(linear(concat(read), kernels[k] as Tensor, biases[k] ?? null), (given[k] as GridVector).m);
  const others = given.map((vector, k) => (k === priority ? vector : along(k, hidden)));
  const first = along(
    priority,
    others.map(({ h }) => h),
  );
  return others.map((vector, k) => (k === priority ? first : vector));
}

/** One LSTM transition from its raw blocks i f g o [B, 4H] and memory [B, H]. */
function transition(raw: Tensor, m: Tensor): GridVector {
  const [i, f, g, o] = split(raw, 4) as [Tensor, Tensor, Tensor, Tensor];
  const next = add(multiply(sigmoid(f), m), multiply(sigmoid(i), tanh(g)));
  return { h: multiply(sigmoid(o), tanh(next)), m: next };
}
