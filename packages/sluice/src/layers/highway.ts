import { add, multiply, sigmoid, subtract } from "../autograd/ops/elementwise.ts";
import { linear } from "../autograd/ops/matmul.ts";
import type { InitializerSpec } from "../initializers/initializers.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { BuildContext, Layer, SymbolicShape } from "./layer.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";
import { SkipConnection, type SkipOptions, skipNames } from "./skip-connection.ts";

/** Options of `highway`. */
export interface HighwayOptions extends SkipOptions {
  /** Default "glorotUniform". */
  readonly gateInitializer?: InitializerSpec;
  /** Where the gate's bias starts; below 0 it lets x through at first. Default −1. */
  readonly gateBias?: number;
}

const highwayNames: NamesOf<HighwayOptions> = { ...skipNames, gateInitializer: true, gateBias: true };

/**
 * A layer beside an open road [Srivastava et al. 2015, arXiv:1505.00387]:
 *
 *     t = σ(W x + b)      y = t ⊙ layer(x) + (1 − t) ⊙ x
 *
 * Shapes: x [..., I]; W = gateKernel [I, I], b = gateBias [I], beside the layer's own weights.
 */
export class Highway extends SkipConnection<HighwayOptions> {
  readonly type: string = "Highway";
  gateKernel!: Parameter;
  gateBias!: Parameter;

  constructor(options: HighwayOptions) {
    super(options, "highway", "Highway");
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    super.buildParameters(inputs, context);
    const { gateInitializer = "glorotUniform", gateBias = -1 } = this.options;
    const features = inputs[0]?.at(-1) as number;
    this.gateKernel = this.addParameter("gateKernel", [features, features], { initializer: gateInitializer });
    this.gateBias = this.addParameter("gateBias", [features], { initializer: { type: "constant", value: gateBias } });
  }

  protected join(x: Tensor, inner: Tensor): Tensor {
    const t = sigmoid(linear(x, this.gateKernel.tensor, this.gateBias.tensor));
    return add(multiply(t, inner), multiply(subtract(1, t), x));
  }
}

/**
 * A gated mix of x and layer(x), for layers that keep the shape of x.
 * @throws {ValueError} for a recurrent layer that goes backwards; {ShapeError} when the layer changes the shape.
 * @example highway(gru({ units: 64, returnSequences: true }), { gateBias: -2 })
 */
export function highway(layer: Layer, options: Omit<HighwayOptions, "layer"> = {}): Highway {
  return new Highway(knownOptions("Highway", { layer, ...options }, highwayNames));
}
