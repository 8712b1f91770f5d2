import { reshape } from "../autograd/ops/shape.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames } from "./option-names.ts";

/** Options of `flatten`. */
export interface FlattenOptions extends LayerOptions {}

/** All axes but the batch joined into one: [B, …] → [B, product of …]. A mask ends here: there is no time axis any more. */
export class Flatten extends Layer<FlattenOptions> {
  readonly type: string = "Flatten";

  constructor(options: FlattenOptions) {
    super(options, "flatten");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const [batch = null, ...rest] = x;
    return [batch, rest.includes(null) ? null : sizeOf(rest as number[])];
  }

  call([input]: readonly Tensor[], _context: CallContext): CallResult {
    const x = input as Tensor;
    return oneOutput(reshape(x, [x.shape[0] as number, sizeOf(x.shape.slice(1))]));
  }
}

/** Joins all axes but the batch. @example flatten() // [B, T, H] → [B, T · H] */
export function flatten(options: FlattenOptions = {}): Flatten {
  return new Flatten(knownOptions("Flatten", options, layerNames));
}
