import { sizeOf } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";

/**
 * −log softmax(scores)_label over the last axis, in one pass.   scores [..., n], labels [...] → [...].
 * Labels are class numbers from 0 to n − 1, kept as floats; any other number gives NaN in its place.
 * @example crossEntropy(tensor([[2, 0, 0]]), tensor([0])); // [log(1 + 2 e⁻²)]
 */
export const crossEntropy: (scores: Tensor, labels: Tensor) => Tensor = defineOp({
  name: "crossEntropy",
  forward: (scores: Tensor, labels: Tensor) => {
    const lead = scores.shape.slice(0, -1);
    const [rows, n] = [sizeOf(lead), scores.shape.at(-1) as number];
    const [losses, maxima, sums] = [
      allocate(lead, scores.backend),
      allocate(lead, scores.backend),
      allocate(lead, scores.backend),
    ];
    const { kernels } = scores.backend;
    kernels.crossEntropy(scores.storage, labels.storage, losses.storage, maxima.storage, sums.storage, rows, n);
    return { output: losses, saved: { scores, labels, maxima, sums, rows, n } };
  },
  backward: (dy, { scores, labels, maxima, sums, rows, n }) => {
    const dx = allocate(scores.shape, scores.backend);
    const { kernels } = scores.backend;
    kernels.crossEntropyGradient(scores.storage, labels.storage, maxima.storage, sums.storage, dy.storage, dx.storage, rows, n);
    return [dx, null]; // dScores = (softmax(scores) − [k = label]) dy
  },
});
