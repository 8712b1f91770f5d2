import { reshape as reshapeOp } from "../autograd/ops/shape.ts";
import { ShapeError } from "../errors.ts";
import { type Shape, showShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";

/** Options of `reshape`. */
export interface ReshapeOptions extends LayerOptions {
  /** The shape of one example, without the batch axis; one size may be −1 and is then worked out. */
  readonly targetShape: Shape;
}

const reshapeNames: NamesOf<ReshapeOptions> = { ...layerNames, targetShape: true };

/** The same numbers, row by row, under another shape: [B, …] → [B, …targetShape]. A mask ends here. */
export class Reshape extends Layer<ReshapeOptions> {
  readonly type: string = "Reshape";

  constructor(options: ReshapeOptions) {
    super(options, "reshape");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const { targetShape } = this.options;
    const [batch = null, ...rest] = x;
    const free = targetShape.filter((size) => size === -1).length;
    if (rest.includes(null)) return [batch, ...targetShape.map((size) => (size === -1 ? null : size))];
    const total = sizeOf(rest as number[]);
    const known = sizeOf(targetShape.filter((size) => size !== -1));
    if (free > 1 || (free === 1 ? total % known !== 0 : total !== known)) {
      throw new ShapeError(
        `Cannot run Reshape "${this.name}" on shape ${showShape(x)}: each example has ${total} numbers, and targetShape ${showShape(targetShape)} must hold as many, with at most one -1.`,
      );
    }
    return [batch, ...targetShape.map((size) => (size === -1 ? total / known : size))];
  }

  call([input]: readonly Tensor[], _context: CallContext): CallResult {
    const x = input as Tensor;
    return oneOutput(reshapeOp(x, this.outputShape([x.shape]) as Shape));
  }
}

/** Gives each example another shape. @example reshape({ targetShape: [4, -1] }) // [B, 12] → [B, 4, 3] */
export function reshape(options: ReshapeOptions): Reshape {
  return new Reshape(knownOptions("Reshape", options, reshapeNames));
}
