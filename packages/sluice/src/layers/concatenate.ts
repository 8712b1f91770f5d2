import { multiply } from "../autograd/ops/elementwise.ts";
import { concat } from "../autograd/ops/shape.ts";
import { ShapeError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import { ones, type Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";

/** Options of `concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis along which the inputs stand one behind the other, batch counted as 0. Default −1. */
  readonly axis?: number;
}

const concatenateNames: NamesOf<ConcatenateOptions> = { ...layerNames, axis: true };

/** Several inputs side by side along one axis; the other axes agree. A step is masked when any input masks it; along time, masks join. */
export class Concatenate extends Layer<ConcatenateOptions> {
  readonly type: string = "Concatenate";

  constructor(options: ConcatenateOptions) {
    super(options, "concatenate");
  }

  private axisOf(rank: number): number {
    const { axis = -1 } = this.options;
    return axis < 0 ? axis + rank : axis;
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    const [first = []] = inputs;
    const axis = this.axisOf(first.length);
    const agrees = (x: SymbolicShape): boolean =>
      x.length === first.length && x.every((size, k) => k === axis || size === first[k] || size === null || first[k] === null);
    if (!Number.isInteger(axis) || axis < 1 || axis >= first.length || !inputs.every(agrees)) {
      throw new ShapeError(
        `Cannot run Concatenate "${this.name}" on shapes ${inputs.map(showShape).join(", ")} along axis ${this.options.axis ?? -1}: ` +
          "every other axis must agree, and the axis is one of theirs after the batch.",
      );
    }
    const sizes = inputs.map((x) => x[axis] ?? null);
    const total = sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
    return first.map((_, k) => (k === axis ? total : (inputs.map((x) => x[k]).find((size) => typeof size === "number") ?? null)));
  }

  call(inputs: readonly Tensor[], { masks }: CallContext): CallResult {
    const axis = this.axisOf((inputs[0] as Tensor).rank);
    return oneOutput(
      concat(inputs, { axis }),
      axis === 1 && (inputs[0] as Tensor).rank > 2 ? joinMasks(inputs, masks) : everyMask(masks),
    );
  }
}

/** Masks one behind the other in time; an input without one uses all its steps. */
function joinMasks(inputs: readonly Tensor[], masks: readonly (Tensor | null)[]): Tensor | null {
  if (masks.every((mask) => mask === null)) return null;
  return concat(inputs.map((x, k) => masks[k] ?? ones(x.shape.slice(0, 2), { backend: x.backend })));
}

/** 1 where every mask there is has 1. */
function everyMask(masks: readonly (Tensor | null)[]): Tensor | null {
  return masks.reduce((all, mask) => (all && mask ? multiply(all, mask) : (all ?? mask)), null);
}

/** Joins inputs along an axis, by default their features. @example concatenate().apply([past, calendar]) */
export function concatenate(options: ConcatenateOptions = {}): Concatenate {
  return new Concatenate(knownOptions("Concatenate", options, concatenateNames));
}
