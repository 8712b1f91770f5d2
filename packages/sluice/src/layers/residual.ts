import { add } from "../autograd/ops/elementwise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Layer } from "./layer.ts";
import { knownOptions } from "./option-names.ts";
import { SkipConnection, type SkipOptions, skipNames } from "./skip-connection.ts";

/** Options of `residual`. */
export interface ResidualOptions extends SkipOptions {}

/** A layer that adds to what it reads [He et al. 2016, arXiv:1512.03385]: y = x + layer(x). Its weights are the layer's. */
export class Residual extends SkipConnection<ResidualOptions> {
  readonly type: string = "Residual";

  constructor(options: ResidualOptions) {
    super(options, "residual", "Residual");
  }

  protected join(x: Tensor, inner: Tensor): Tensor {
    return add(x, inner);
  }
}

/**
 * x + layer(x), for layers that keep the shape of x. Deep stacks train better with it.
 * @throws {ValueError} for a recurrent layer that goes backwards; {ShapeError} when the layer changes the shape.
 * @example sequential([dense({ units: 64 }), residual(lstm({ units: 64, returnSequences: true })), residual(lstm({ units: 64, returnSequences: true }))])
 */
export function residual(layer: Layer, options: Omit<ResidualOptions, "layer"> = {}): Residual {
  return new Residual(knownOptions("Residual", { layer, ...options }, skipNames));
}
