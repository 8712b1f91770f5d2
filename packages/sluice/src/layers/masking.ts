import { equal, multiply, subtract } from "../autograd/ops/elementwise.ts";
import { max } from "../autograd/ops/reduce.ts";
import { ShapeError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { zeroMasked } from "./scan.ts";

/** Options of `masking`. */
export interface MaskingOptions extends LayerOptions {
  /** A step whose features all have this value is padding. Default 0. */
  readonly maskValue?: number;
}

const maskingNames: NamesOf<MaskingOptions> = { ...layerNames, maskValue: true };

/** Masks the steps whose features all equal `maskValue`, and sets them to 0.   x [B, T, …] → x, mask [B, T]. */
export class Masking extends Layer<MaskingOptions> {
  readonly type: string = "Masking";

  constructor(options: MaskingOptions) {
    super(options, "masking");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    if (x.length < 3) {
      throw new ShapeError(
        `Cannot run Masking "${this.name}" on shape ${showShape(x)}: it reads [batch, time, features]. Insert the axis that is missing with expandDims or reshape.`,
      );
    }
    return x;
  }

  call([input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const x = input as Tensor;
    const { maskValue = 0 } = this.options;
    const differs = subtract(1, equal(x, maskValue));
    const found = max(differs, { axis: x.shape.map((_, axis) => axis).slice(2) }); // 1 where any feature differs
    const given = masks[0] ?? null;
    const mask = given ? multiply(found, given) : found;
    return oneOutput(zeroMasked(x, mask, true), mask);
  }
}

/**
 * Marks padding in sequences by a value, for every layer that follows.
 * @example sequential([masking({ maskValue: -1, inputShape: [null, 3] }), lstm({ units: 8 })])
 */
export function masking(options: MaskingOptions = {}): Masking {
  return new Masking(knownOptions("Masking", options, maskingNames));
}
