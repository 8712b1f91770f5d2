import { add, divide, maximum, multiply, where } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { broadcastTo, reshape } from "../autograd/ops/shape.ts";
import { ShapeError } from "../errors.ts";
import { addPenalties } from "../layers/layer.ts";
import type { GraphRun } from "../models/graph.ts";
import type { Network } from "../models/network.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { BatchTensors } from "./batch.ts";
import type { Compiled } from "./compile.ts";

/** What a batch costs, and what the model said. All of one step. */
export interface Objective {
  /** Weighted sum of the outputs' losses, plus the penalties of weights and activities; a scalar. */
  readonly loss: Tensor;
  /** Each output's own loss, scalars. */
  readonly outputLosses: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly masks: readonly (Tensor | null)[];
}

/** Runs the model and prices its outputs; recorded on the tape that is running. Call it inside a step. */
export function objective(
  network: Network,
  { losses, lossWeights }: Compiled,
  { x, y, weights, masks }: BatchTensors,
  run: Omit<GraphRun, "masks">,
): Objective {
  const result = network.run(x, { ...run, masks });
  const outputLosses = result.outputs.map((predicted, k) => {
    const mask = result.masks[k] ?? null;
    const actual = blank(alignTargets(y[k] as Tensor, predicted), mask);
    return meanLoss((losses[k] as Compiled["losses"][number]).perExample(actual, predicted), mask, weights);
  });
  let loss = outputLosses
    .map((each, k) => (lossWeights[k] === 1 ? each : multiply(each, lossWeights[k] as number)))
    .reduce((a, b) => add(a, b));
  let penalty = result.penalty;
  for (const { regularizer, trainable, tensor } of network.parameters) {
    if (regularizer && trainable) penalty = addPenalties(penalty, regularizer.penalty(tensor));
  }
  if (penalty) loss = add(loss, penalty);
  return { loss, outputLosses, outputs: result.outputs, masks: result.masks };
}

/** Targets [B] or [B, T] for predictions with one more axis of size 1 gain that axis. */
function alignTargets(actual: Tensor, predicted: Tensor): Tensor {
  const fits = predicted.shape.at(-1) === 1 && sameShape(actual.shape, predicted.shape.slice(0, -1));
  return fits ? reshape(actual, predicted.shape) : actual;
}

/** Zeros where the mask is 0, so that whatever stands in padded targets reaches neither the loss nor its gradient. */
function blank(actual: Tensor, mask: Tensor | null): Tensor {
  if (!mask || !sameShape(actual.shape.slice(0, 2), mask.shape)) return actual;
  return where(spread(mask, actual.shape), actual, zeros(actual.shape, { backend: actual.backend }));
}

/** x repeated over the axes that `shape` has beyond its own. */
function spread(x: Tensor, shape: readonly number[]): Tensor {
  return broadcastTo(reshape(x, [...x.shape, ...new Array<number>(shape.length - x.rank).fill(1)]), shape);
}

/**
 * Σ w·l over unmasked entries, divided by their number (Keras: "sum over batch size" with a mask).
 * losses [B, …], mask [B, T], weights [B] or [B, T] → scalar.
 * @throws {ShapeError} when the weights are not a prefix of the losses' axes.
 */
export function meanLoss(losses: Tensor, mask: Tensor | null, weights: Tensor | null): Tensor {
  let terms = losses;
  let count: Tensor | number = Math.max(1, losses.size);
  if (mask && sameShape(losses.shape.slice(0, 2), mask.shape)) {
    const used = spread(mask, losses.shape);
    terms = where(used, terms, zeros(terms.shape, { backend: terms.backend }));
    count = maximum(sum(used), 1);
  }
  if (weights) {
    if (weights.rank > losses.rank || !sameShape(weights.shape, losses.shape.slice(0, weights.rank))) {
      throw new ShapeError(
        `Cannot weigh losses of shape ${showShape(losses.shape)} by sample weights ${showShape(weights.shape)}: give one weight for each example, or for each example and step.`,
      );
    }
    terms = multiply(terms, spread(weights, losses.shape));
  }
  return divide(sum(terms), count);
}
