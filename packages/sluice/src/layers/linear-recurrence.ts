import { linearScan, logLinearScan } from "../autograd/ops/associative-scan.ts";
import { add, exp, multiply, where } from "../autograd/ops/elementwise.ts";
import { expandDims, reverse, slice, squeeze } from "../autograd/ops/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import type { RecurrentOptions } from "./recurrent-layer.ts";
import { processingMask, spread } from "./scan.ts";

/** A step h' = keep ⊙ h + gain whose terms do not read h, so that all steps can be computed at once. */
export interface LinearTerms {
  readonly keep: Tensor;
  readonly gain: Tensor;
}

/** The same terms as logarithms, for gain > 0. */
export interface LogLinearTerms {
  readonly logKeep: Tensor;
  readonly logGain: Tensor;
}

/** A sequence as a parallel run reads it: in processing order, with 0 where it is masked. */
export interface ParallelInput {
  readonly x: Tensor;
  /** [B, T] in processing order; null when all steps are used. */
  readonly uses: Tensor | null;
}

const LOG_ZERO = -1e30; // finite, so that a sum or difference of two is no NaN; its exponential is 0

/** x with 0 at masked steps, whatever they held: 0 · NaN would reach the weights' gradients. */
export function withoutPadding(x: Tensor, mask: Tensor | null): Tensor {
  return orHold(x, mask, 0);
}

/** The input of all steps at once, with what dropout leaves of it. */
export function parallelInput(x: Tensor, mask: Tensor | null, { goBackwards = false }: RecurrentOptions): ParallelInput {
  const seen = withoutPadding(x, mask);
  return { x: goBackwards ? reverse(seen, 1) : seen, uses: mask && processingMask(mask, goBackwards) };
}

/** Every h_t [B, T, …] of h_t = keep_t ⊙ h_{t−1} + gain_t; masked steps hold h. */
export function runLinear({ keep, gain }: LinearTerms, initial: Tensor, uses: Tensor | null): Tensor {
  return linearScan(orHold(keep, uses, 1), orHold(gain, uses, 0), initial);
}

/** The same in log space: the part that starts from 0 by `logLinearScan`, and the initial state, of any sign, times the kept share. */
export function runLogLinear({ logKeep, logGain }: LogLinearTerms, initial: Tensor, uses: Tensor | null): Tensor {
  const kept = orHold(logKeep, uses, 0);
  const gained = exp(logLinearScan(kept, orHold(logGain, uses, LOG_ZERO)));
  const sums = linearScan(filled(kept, 1), kept, filled(initial, 0)); // Σ log keep, up to t
  return add(gained, multiply(exp(sums), expandDims(initial, 1)));
}

/** x_t where step t is used, what stood there at the last used step (at first `initial`) where it is masked. */
export function heldInputs(x: Tensor, initial: Tensor, uses: Tensor | null): Tensor {
  return uses ? runLinear({ keep: filled(x, 0), gain: x }, initial, uses) : x;
}

/** The last step of [B, T, …], or `initial` when there is none. */
export function lastStep(sequence: Tensor, initial: Tensor): Tensor {
  const T = sequence.shape[1] as number;
  return T === 0 ? initial : squeeze(slice(sequence, T - 1, T, { axis: 1 }), 1);
}

function orHold(x: Tensor, uses: Tensor | null, neutral: number): Tensor {
  return uses ? where(spread(uses, x.shape), x, filled(x, neutral)) : x;
}

function filled(like: Tensor, value: number): Tensor {
  const out = allocate(like.shape, like.backend);
  like.backend.kernels.fill(out.storage, value);
  return out;
}
