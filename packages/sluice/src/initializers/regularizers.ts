import { abs, add, multiply, square } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A penalty on a weight or an output: l1 Σ|w| + l2 Σw² (Keras: no factor ½). Missing factors are 0. */
export interface RegularizerSpec {
  readonly l1?: number;
  readonly l2?: number;
}

/** A regularizer ready to apply. */
export interface Regularizer {
  readonly spec: RegularizerSpec;
  /** The penalty, a scalar that the loss adds. */
  penalty(x: Tensor): Tensor;
}

/** @throws {ValueError} when a factor is negative or not a number. */
export function makeRegularizer(spec: RegularizerSpec): Regularizer {
  const { l1 = 0, l2 = 0 } = spec;
  if (!(l1 >= 0 && l2 >= 0)) {
    throw new ValueError(`Cannot regularize with ${JSON.stringify(spec)}: l1 and l2 are numbers from 0 up.`);
  }
  return {
    spec,
    penalty: (x) =>
      add(l1 > 0 ? multiply(sum(abs(x)), l1) : multiply(sum(square(x)), l2), l1 > 0 && l2 > 0 ? multiply(sum(square(x)), l2) : 0),
  };
}
