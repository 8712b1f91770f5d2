import { crossEntropy } from "../autograd/ops/cross-entropy.ts";
import {
  abs,
  add,
  clip,
  divide,
  equal,
  less,
  log,
  logCosh,
  logSigmoid,
  maximum,
  multiply,
  negate,
  sqrt,
  square,
  subtract,
} from "../autograd/ops/elementwise.ts";
import { mean, sum } from "../autograd/ops/reduce.ts";
import { expandDims, reshape } from "../autograd/ops/shape.ts";
import { logSoftmax } from "../autograd/ops/softmax.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { sameShape, showShape } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Losses by name; `LossSpec` defines them. */
export type LossName =
  | "meanSquaredError"
  | "meanAbsoluteError"
  | "huber"
  | "logCosh"
  | "quantile"
  | "binaryCrossentropy"
  | "categoricalCrossentropy"
  | "sparseCategoricalCrossentropy"
  | "poisson"
  | "klDivergence"
  | "cosineSimilarity";

/** Short names Keras users type. */
const aliases: Readonly<Record<string, LossName>> = {
  mse: "meanSquaredError",
  mae: "meanAbsoluteError",
  kld: "klDivergence",
  crossentropy: "categoricalCrossentropy",
};

/** Short names of losses. */
export type LossAlias = "mse" | "mae" | "kld" | "crossentropy";

/**
 * A loss as plain data; definitions and defaults are Keras 3's, each a mean over the last axis unless said.
 * - huber: ½e² for |e| ≤ delta (default 1), else delta·|e| − ½delta²
 * - quantile: mean over levels of max(q·e, (q−1)·e), e = actual − predicted (the pinball loss, not doubled) [Koenker & Bassett 1978];
 *   predicted [..., targets · levels], the levels of one target side by side; actual [..., targets]
 * - binaryCrossentropy, categoricalCrossentropy: `fromLogits` (default false) takes raw scores; `labelSmoothing` default 0
 * - sparseCategoricalCrossentropy: actual holds class numbers, [...] or [..., 1]
 * - poisson: predicted − actual·log predicted · klDivergence: Σ actual·log(actual/predicted) · cosineSimilarity: −cos, −1 is best
 */
export type LossSpec =
  | LossName
  | LossAlias
  | {
      readonly type: Exclude<
        LossName,
        "huber" | "quantile" | "binaryCrossentropy" | "categoricalCrossentropy" | "sparseCategoricalCrossentropy"
      >;
    }
  | { readonly type: "huber"; readonly delta?: number }
  | { readonly type: "quantile"; readonly levels: readonly number[] }
  | {
      readonly type: "binaryCrossentropy" | "categoricalCrossentropy";
      readonly fromLogits?: boolean;
      readonly labelSmoothing?: number;
    }
  | { readonly type: "sparseCategoricalCrossentropy"; readonly fromLogits?: boolean };

/** A loss of one's own: one number for each example (and step), [B, ..., features] → [B, ...]. */
export type LossFunction = (actual: Tensor, predicted: Tensor) => Tensor;

/** A loss ready to compute. */
export interface Loss {
  /** Plain data, or null for a function of the user's. */
  readonly spec: Exclude<LossSpec, string> | null;
  /** One loss for each example (and step): [B, ..., features] → [B, ...]. @throws {ShapeError} when the shapes do not fit. */
  perExample(actual: Tensor, predicted: Tensor): Tensor;
}

const EPSILON = 1e-7; // Keras's guard for logarithms and divisions

/** @throws {ValueError} for an unknown name. */
export function makeLoss(given: LossSpec | LossFunction): Loss {
  if (typeof given === "function") return { spec: null, perExample: given };
  const spec = (typeof given === "string" ? { type: aliases[given] ?? given } : given) as Exclude<LossSpec, string>;
  const compute = lossFunction(spec);
  return { spec, perExample: compute };
}

function lossFunction(spec: Exclude<LossSpec, string>): LossFunction {
  switch (spec.type) {
    case "meanSquaredError":
      return pointwise(spec.type, (y, p) => square(subtract(y, p)));
    case "meanAbsoluteError":
      return pointwise(spec.type, (y, p) => abs(subtract(y, p)));
    case "huber": {
      const { delta = 1 } = spec;
      return pointwise(spec.type, (y, p) => {
        const e = abs(subtract(y, p));
        const inside = clip(e, 0, delta); // ½·inside² + delta·(e − inside) is both branches at once
        return add(multiply(square(inside), 0.5), multiply(subtract(e, inside), delta));
      });
    }
    case "logCosh":
      return pointwise(spec.type, (y, p) => logCosh(subtract(p, y)));
    case "poisson":
      return pointwise(spec.type, (y, p) => subtract(p, multiply(y, log(add(p, EPSILON)))));
    case "klDivergence":
      return (actual, predicted) => {
        checkSame(spec.type, actual, predicted);
        const y = clip(actual, EPSILON, 1);
        const p = clip(predicted, EPSILON, 1);
        return sum(multiply(y, log(divide(y, p))), { axis: -1 });
      };
    case "cosineSimilarity":
      return (actual, predicted) => {
        checkSame(spec.type, actual, predicted);
        return negate(sum(multiply(unit(actual), unit(predicted)), { axis: -1 }));
      };
    case "quantile":
      return quantileLoss(spec.levels);
    case "binaryCrossentropy":
      return binaryCrossentropy(spec.fromLogits ?? false, spec.labelSmoothing ?? 0);
    case "categoricalCrossentropy": {
      const { fromLogits = false, labelSmoothing = 0 } = spec;
      return (actual, predicted) => {
        checkSame(spec.type, actual, predicted);
        const classes = predicted.shape.at(-1) as number;
        const y = labelSmoothing > 0 ? add(multiply(actual, 1 - labelSmoothing), labelSmoothing / classes) : actual;
        return negate(sum(multiply(y, logProbabilities(predicted, fromLogits)), { axis: -1 }));
      };
    }
    case "sparseCategoricalCrossentropy":
      return sparseCrossentropy(spec.fromLogits ?? false);
    default:
      throw new ValueError(
        `Cannot use loss ${JSON.stringify(spec)}: losses are meanSquaredError (mse), meanAbsoluteError (mae), huber, logCosh, quantile, ` +
          "binaryCrossentropy, categoricalCrossentropy, sparseCategoricalCrossentropy, poisson, klDivergence, cosineSimilarity, or a function.",
      );
  }
}

/** A loss that is the mean over the last axis of one term an element. */
function pointwise(name: string, term: LossFunction): LossFunction {
  return (actual, predicted) => {
    checkSame(name, actual, predicted);
    return mean(term(actual, predicted), { axis: -1 });
  };
}

function checkSame(name: string, actual: Tensor, predicted: Tensor): void {
  if (!sameShape(actual.shape, predicted.shape)) {
    throw new ShapeError(
      `Cannot compute ${name} of targets ${showShape(actual.shape)} and predictions ${showShape(predicted.shape)}: they must have one shape. ` +
        "Check the units of the last layer, and returnSequences of the recurrent layer before it.",
    );
  }
}

/** x / |x| over the last axis; a zero vector stays zero. */
function unit(x: Tensor): Tensor {
  return divide(x, sqrt(maximum(sum(square(x), { axis: -1, keepDims: true }), 1e-12)));
}

function quantileLoss(levels: readonly number[]): LossFunction {
  if (levels.length === 0 || !levels.every((level) => level > 0 && level < 1)) {
    throw new ValueError(
      `Cannot use quantile levels [${levels.join(", ")}]: give at least one number between 0 and 1, for example [0.1, 0.5, 0.9].`,
    );
  }
  return (actual, predicted) => {
    const targets = actual.shape.at(-1) as number;
    const wanted = actual.shape.with(-1, targets * levels.length);
    if (!sameShape(predicted.shape, wanted)) {
      throw new ShapeError(
        `Cannot compute quantile loss of targets ${showShape(actual.shape)} and predictions ${showShape(predicted.shape)}: ` +
          `${levels.length} levels of ${targets} targets need ${showShape(wanted)}.`,
      );
    }
    const split = [...actual.shape, levels.length];
    const e = subtract(expandDims(actual, -1), reshape(predicted, split));
    const q = tensor(levels, [levels.length], { backend: actual.backend });
    const pinball = maximum(multiply(e, q), multiply(e, subtract(q, 1)));
    return mean(pinball, { axis: [-2, -1] });
  };
}

function binaryCrossentropy(fromLogits: boolean, labelSmoothing: number): LossFunction {
  return pointwise("binaryCrossentropy", (actual, p) => {
    const y = labelSmoothing > 0 ? add(multiply(actual, 1 - labelSmoothing), labelSmoothing / 2) : actual;
    const inverse = subtract(1, y);
    if (fromLogits) return negate(add(multiply(y, logSigmoid(p)), multiply(inverse, logSigmoid(negate(p)))));
    const safe = clip(p, EPSILON, 1 - EPSILON);
    return negate(add(multiply(y, log(safe)), multiply(inverse, log(subtract(1, safe)))));
  });
}

/** log p over the last axis, from scores or from probabilities (which are scaled to sum to 1 first, as Keras does). */
function logProbabilities(predicted: Tensor, fromLogits: boolean): Tensor {
  if (fromLogits) return logSoftmax(predicted);
  return log(clip(divide(predicted, sum(predicted, { axis: -1, keepDims: true })), EPSILON, 1 - EPSILON));
}

function sparseCrossentropy(fromLogits: boolean): LossFunction {
  return (actual, predicted) => {
    const lead = predicted.shape.slice(0, -1);
    const classes = predicted.shape.at(-1) as number;
    if (!sameShape(actual.shape, lead) && !sameShape(actual.shape, [...lead, 1])) {
      throw new ShapeError(
        `Cannot compute sparseCategoricalCrossentropy of targets ${showShape(actual.shape)} and predictions ${showShape(predicted.shape)}: ` +
          `targets hold one class number each, ${showShape(lead)} or ${showShape([...lead, 1])}.`,
      );
    }
    if (fromLogits) return crossEntropy(predicted, reshape(actual, lead));
    const numbers = tensor(
      Float64Array.from({ length: classes }, (_, k) => k),
      [classes],
      { backend: predicted.backend },
    );
    const oneHot = equal(reshape(actual, [...lead, 1]), numbers);
    const inside = less(sum(oneHot, { axis: -1 }), 0.5); // 1 where the class number is none of the classes: the loss says so by NaN
    return add(negate(sum(multiply(oneHot, logProbabilities(predicted, false)), { axis: -1 })), divide(0, subtract(1, inside)));
  };
}
