import { add, equal, lessEqual, multiply, subtract } from "../../autograd/ops/elementwise.ts";
import { expandDims } from "../../autograd/ops/shape.ts";
import { softmax } from "../../autograd/ops/softmax.ts";
import type { Backend } from "../../backend/backend.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";

const HIDDEN = 1e30; // far below any score and finite, so that no difference of two is NaN; its exponential is 0

/** What limits the steps that queries may look at. */
export interface Sight {
  /** [B, S], 1 = the step may be looked at; null: all may. */
  readonly mask: Tensor | null;
  /** [B, Tq], 1 = the query is used; null: all are. */
  readonly queryMask: Tensor | null;
  /** Query i looks at steps 0 … i alone. */
  readonly causal: boolean;
}

/** Other than 0 where query i may look at step j, [B or 1, Tq or 1, S or 1]; null where each may look at all. */
export function visibleSteps({ mask, queryMask, causal }: Sight, Tq: number, S: number, backend: Backend): Tensor | null {
  const parts = [mask && expandDims(mask, 1), queryMask && expandDims(queryMask, 2), causal ? upToNow(Tq, S, backend) : null];
  return parts.reduce((all, part) => (all && part ? multiply(all, part) : (all ?? part)), null);
}

/** Softmax over the visible steps: scores […, S] → weights of sum 1. A query that sees no step has weights of 0. */
export function attentionWeights(scores: Tensor, visible: Tensor | null): Tensor {
  if (!visible) return softmax(scores);
  const hidden = equal(visible, 0); // as for other layers, every number but 0 means: use the step
  const weights = softmax(add(scores, multiply(hidden, -HIDDEN)));
  return multiply(weights, subtract(1, hidden));
}

/** [1, Tq, S], 1 where j ≤ i. */
function upToNow(Tq: number, S: number, backend: Backend): Tensor {
  const steps = tensor(
    Float32Array.from({ length: S }, (_, j) => j),
    [1, 1, S],
    { backend },
  );
  const queries = tensor(
    Float32Array.from({ length: Tq }, (_, i) => i),
    [1, Tq, 1],
    { backend },
  );
  return lessEqual(steps, queries);
}
