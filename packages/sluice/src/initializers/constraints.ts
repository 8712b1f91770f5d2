import { add, clip, divide, maximum, minimum, multiply, sqrt, square } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";

/**
 * A rule a weight keeps, applied after every optimizer step, as in Keras 3; norms run along `axis`, default 0 (each column).
 * - maxNorm: columns longer than `maxValue` (default 2) are shortened to it
 * - minMaxNorm: norms are moved into [minValue 0, maxValue 1], by the share `rate` (default 1) of the way
 * - unitNorm: every column has length 1
 * - nonNegative: negative entries become 0
 * - clip: entries stay in [min, max]
 */
export type ConstraintSpec =
  | "nonNegative"
  | "unitNorm"
  | "maxNorm"
  | { readonly type: "nonNegative" }
  | { readonly type: "unitNorm"; readonly axis?: number }
  | { readonly type: "maxNorm"; readonly maxValue?: number; readonly axis?: number }
  | {
      readonly type: "minMaxNorm";
      readonly minValue?: number;
      readonly maxValue?: number;
      readonly rate?: number;
      readonly axis?: number;
    }
  | { readonly type: "clip"; readonly min: number; readonly max: number };

/** A constraint ready to apply. */
export interface Constraint {
  readonly spec: ConstraintSpec;
  /** The weight moved to where the rule allows. Runs inside a step. */
  apply(x: Tensor): Tensor;
}

const EPSILON = 1e-7; // Keras's: keeps a zero column from dividing by zero

/** @throws {ValueError} for an unknown rule. */
export function makeConstraint(spec: ConstraintSpec): Constraint {
  const rule = typeof spec === "string" ? ({ type: spec } as Exclude<ConstraintSpec, string>) : spec;
  switch (rule.type) {
    case "nonNegative":
      return { spec, apply: (x) => maximum(x, 0) };
    case "clip":
      return { spec, apply: (x) => clip(x, rule.min, rule.max) };
    case "unitNorm":
      return { spec, apply: (x) => divide(x, add(norm(x, rule.axis), EPSILON)) };
    case "maxNorm": {
      const { maxValue = 2 } = rule;
      return {
        spec,
        apply: (x) => {
          const length = norm(x, rule.axis);
          return multiply(x, divide(minimum(length, maxValue), add(length, EPSILON)));
        },
      };
    }
    case "minMaxNorm": {
      const { minValue = 0, maxValue = 1, rate = 1 } = rule;
      return {
        spec,
        apply: (x) => {
          const length = norm(x, rule.axis);
          const wanted = add(multiply(clip(length, minValue, maxValue), rate), multiply(length, 1 - rate));
          return multiply(x, divide(wanted, add(length, EPSILON)));
        },
      };
    }
    default:
      throw new ValueError(
        `Cannot constrain a weight with ${JSON.stringify(spec)}: constraints are nonNegative, unitNorm, maxNorm, minMaxNorm and clip.`,
      );
  }
}

function norm(x: Tensor, axis = 0): Tensor {
  return sqrt(sum(square(x), { axis, keepDims: true }));
}
