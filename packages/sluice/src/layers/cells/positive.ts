import { activate, add, lessEqual, log, logSigmoid, relu, sigmoid, where } from "../../autograd/ops/elementwise.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** An activation, or "positive": g(v) = v + ½ for v ≥ 0, σ(v) below, continuous and above 0 [Feng et al. 2024, appendix B]. */
export type CandidateActivation = ActivationName | "positive";

/** The candidate through its activation, or through the positive one. */
export function activateCandidate(name: CandidateActivation, v: Tensor): Tensor {
  return name === "positive" ? where(lessEqual(0, v), add(v, 0.5), sigmoid(v)) : activate(name, v);
}

/** log g(v). */
export function logCandidate(v: Tensor): Tensor {
  return where(lessEqual(0, v), log(add(relu(v), 0.5)), logSigmoid(v));
}
