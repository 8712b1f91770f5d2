import { StateError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import type { SymbolicTensor } from "./symbolic.ts";

/** Options of `input`. */
export interface InputOptions extends LayerOptions {
  /** Shape of one example, without the batch axis; null for a free size, such as the time. */
  readonly shape: SymbolicShape;
}

/** The names of `InputOptions`. */
export const inputNames: NamesOf<InputOptions> = { ...layerNames, shape: true };

/** Where data enters a graph. */
export class InputLayer extends Layer<InputOptions> {
  readonly type: string = "Input";

  constructor(options: InputOptions) {
    super(options, "input");
  }

  override outputShape(): SymbolicShape {
    return [null, ...this.options.shape];
  }

  call(_inputs: readonly Tensor[], _context: CallContext): CallResult {
    throw new StateError(`Cannot run input "${this.name}" on its own: it stands for data that a model is given.`);
  }
}

/**
 * The start of a functional model.
 * @example
 * const x = input({ shape: [null, 3] }); // [B, T, 3]
 * const net = model({ inputs: x, outputs: dense({ units: 1 }).apply(lstm({ units: 32 }).apply(x)) });
 */
export function input(options: InputOptions): SymbolicTensor {
  return new InputLayer(knownOptions("Input", options, inputNames)).apply([]);
}
