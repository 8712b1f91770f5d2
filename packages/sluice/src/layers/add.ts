import { add as addOp, maximum } from "../autograd/ops/elementwise.ts";
import { ShapeError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames } from "./option-names.ts";

/** Options of `add`. */
export interface AddOptions extends LayerOptions {}

/** The sum of several inputs of one shape: residual connections. A step is masked when all inputs mask it (as in Keras). */
export class Add extends Layer<AddOptions> {
  readonly type: string = "Add";

  constructor(options: AddOptions) {
    super(options, "add");
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    const [first = []] = inputs;
    const agrees = (x: SymbolicShape): boolean =>
      x.length === first.length && x.every((size, k) => size === first[k] || size === null || first[k] === null);
    if (inputs.length === 0 || !inputs.every(agrees)) {
      throw new ShapeError(
        `Cannot run Add "${this.name}" on shapes ${inputs.map(showShape).join(", ")}: all inputs must have one shape. Bring them to it with dense or reshape.`,
      );
    }
    return first.map((_, k) => inputs.map((x) => x[k]).find((size) => typeof size === "number") ?? null);
  }

  call(inputs: readonly Tensor[], { masks }: CallContext): CallResult {
    const given = masks.filter((mask) => mask !== null);
    const mask = given.length === inputs.length ? given.reduce((any, next) => maximum(any, next)) : null;
    return oneOutput(
      inputs.reduce((sum, x) => addOp(sum, x)),
      mask,
    );
  }
}

/** Adds its inputs. @example add().apply([x, lstm({ units: 8, returnSequences: true }).apply(x)]) */
export function add(options: AddOptions = {}): Add {
  return new Add(knownOptions("Add", options, layerNames));
}
