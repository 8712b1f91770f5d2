import { dropout as dropoutOp } from "../autograd/ops/dropout.ts";
import { ShapeError } from "../errors.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkRate } from "./cells/cell-options.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";

/** Options of `dropout`. */
export interface DropoutOptions extends LayerOptions {
  /** Share of the numbers set to 0 in training, from 0 to below 1; the others grow by 1 / (1 − rate), so the mean stays. */
  readonly rate: number;
  /**
   * Shape of the mask, batch axis included; null is the input's own size there, and along an axis of 1 the mask repeats:
   * [null, 1, null] drops the same features at all steps. Default: every number for itself.
   */
  readonly noiseShape?: SymbolicShape | null;
}

const dropoutNames: NamesOf<DropoutOptions> = { ...layerNames, rate: true, noiseShape: true };

/** Dropout [Srivastava et al. 2014]. Does nothing outside training. */
export class Dropout extends Layer<DropoutOptions> {
  readonly type: string = "Dropout";

  constructor(options: DropoutOptions) {
    super(options, "dropout");
    checkRate(options.rate, "Dropout", "rate");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const { noiseShape } = this.options;
    const fits = (size: number | null, k: number): boolean => size === null || size === 1 || x[k] === null || size === x[k];
    if (noiseShape && (noiseShape.length !== x.length || !noiseShape.every(fits))) {
      throw new ShapeError(
        `Cannot run Dropout "${this.name}" on shape ${showShape(x)} with noiseShape ${showShape(noiseShape)}: it needs one entry for each axis, the axis's size, 1 or null.`,
      );
    }
    return x;
  }

  call([input]: readonly Tensor[], { training, masks, step }: CallContext): CallResult {
    const x = input as Tensor;
    const { rate, noiseShape } = this.options;
    if (!training || rate === 0) return oneOutput(x, masks[0]);
    const noise: Shape = noiseShape ? noiseShape.map((size, k) => size ?? (x.shape[k] as number)) : x.shape;
    return oneOutput(dropoutOp(x, rate, this.randomKey("dropout", step), noise), masks[0]);
  }
}

/**
 * Sets random numbers to 0 in training, the same ones for the same seed and step.
 * @throws {ValueError} when rate is not in [0, 1).
 * @example dropout({ rate: 0.3 })
 */
export function dropout(options: DropoutOptions): Dropout {
  return new Dropout(knownOptions("Dropout", options, dropoutNames));
}
