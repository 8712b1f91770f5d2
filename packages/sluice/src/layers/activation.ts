import type { Tensor } from "../tensor/tensor.ts";
import { activateOutput, checkOutputActivation, type OutputActivationName } from "./dense.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";

/** Options of `activation`. */
export interface ActivationOptions extends LayerOptions {
  /** "relu", "tanh", "softmax" (over the last axis), … */
  readonly activation: OutputActivationName;
}

const activationNames: NamesOf<ActivationOptions> = { ...layerNames, activation: true };

/** y = f(x), shape unchanged. */
export class Activation extends Layer<ActivationOptions> {
  readonly type: string = "Activation";

  constructor(options: ActivationOptions) {
    super(options, "activation");
    checkOutputActivation(options.activation, "Activation");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    return x;
  }

  call([x]: readonly Tensor[], { masks }: CallContext): CallResult {
    return oneOutput(activateOutput(this.options.activation, x as Tensor), masks[0]);
  }
}

/** An activation as a layer of its own. @throws {ValueError} for an unknown name. @example activation({ activation: "relu" }) */
export function activation(options: ActivationOptions): Activation {
  return new Activation(knownOptions("Activation", options, activationNames));
}
