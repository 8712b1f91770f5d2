import { ShapeError, ValueError } from "../errors.ts";
import { type Shape, sameShape, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type BuildContext, type CallContext, type CallResult, Layer, type LayerOptions, type SymbolicShape } from "./layer.ts";
import { layerNames, type NamesOf } from "./option-names.ts";
import { RecurrentLayer } from "./recurrent-layer.ts";

/** Options of residual and highway. */
export interface SkipOptions extends LayerOptions {
  /** What x goes through. Its (first) output has the shape of x. */
  readonly layer: Layer;
}

/** The names of `SkipOptions`. */
export const skipNames: NamesOf<SkipOptions> = { ...layerNames, layer: true };

/** A layer with a way around it: what `join` makes of x and of what the layer gives. Masks, states and further outputs are the layer's. */
export abstract class SkipConnection<O extends SkipOptions> extends Layer<O> {
  constructor(options: O, defaultName: string, type: string) {
    super(options, defaultName);
    const { layer } = options;
    if (!(layer instanceof Layer)) {
      throw new ValueError(`Cannot make ${type} without a layer: give the one to go around, such as lstm({ units: 32 }).`);
    }
    if (layer instanceof RecurrentLayer && layer.options.goBackwards) {
      throw new ValueError(
        `Cannot make ${type} around "${layer.name}" with goBackwards: its outputs run against the order of x. Use bidirectional, or turn x itself.`,
      );
    }
  }

  /** y from x and what the layer gives. */
  protected abstract join(x: Tensor, inner: Tensor): Tensor;

  override get sublayers(): readonly Layer[] {
    return [this.options.layer];
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    return this.outputShapes(inputs)[0] as SymbolicShape;
  }

  override outputShapes(inputs: readonly SymbolicShape[]): readonly SymbolicShape[] {
    const { layer } = this.options;
    const shapes = layer.outputShapes(inputs);
    const [x, y] = [inputs[0] as SymbolicShape, shapes[0] as SymbolicShape];
    if (!sameShape(x as Shape, y as Shape)) {
      throw new ShapeError(
        `Cannot go around "${layer.name}" in ${this.type} "${this.name}": it takes ${showShape(x)} to ${showShape(y)}, and both must agree. ` +
          "Give it as many units as x has features, and returnSequences where x is a sequence.",
      );
    }
    return shapes;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    this.options.layer.build(inputs, context);
  }

  call(inputs: readonly Tensor[], context: CallContext): CallResult {
    const result = this.options.layer.run(inputs, context);
    const [inner, ...others] = result.outputs as [Tensor, ...Tensor[]];
    return { ...result, outputs: [this.join(inputs[0] as Tensor, inner), ...others] };
  }
}

/** The recurrent layer that a layer is, or goes around; null for others. */
export function recurrentIn(layer: Layer): RecurrentLayer | null {
  if (layer instanceof SkipConnection) return recurrentIn(layer.options.layer);
  return layer instanceof RecurrentLayer ? layer : null;
}
