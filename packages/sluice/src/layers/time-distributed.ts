import { reshape } from "../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  type BuildContext,
  type CallContext,
  type CallResult,
  Layer,
  type LayerOptions,
  oneOutput,
  type SymbolicShape,
} from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { checkMask } from "./recurrent-layer.ts";

/** Options of `timeDistributed`. */
export interface TimeDistributedOptions extends LayerOptions {
  /** The layer to run at each step; it has one input and one output. */
  readonly layer: Layer;
}

const timeDistributedNames: NamesOf<TimeDistributedOptions> = { ...layerNames, layer: true };

/** Runs a layer at each time step, with the same weights: x [B, T, …] → [B, T, what the layer makes of …]. The mask passes through. */
export class TimeDistributed extends Layer<TimeDistributedOptions> {
  readonly type: string = "TimeDistributed";

  constructor(options: TimeDistributedOptions) {
    super(options, "timeDistributed");
    if (!(options.layer instanceof Layer)) {
      throw new ValueError(
        "Cannot make TimeDistributed without a layer: give the one to run at each step, such as timeDistributed(flatten()).",
      );
    }
  }

  override get sublayers(): readonly Layer[] {
    return [this.options.layer];
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const [batch = null, time = null, ...rest] = x;
    if (x.length < 3) {
      throw new ShapeError(
        `Cannot run TimeDistributed "${this.name}" on shape ${showShape(x)}: it reads [batch, time, …features], so an axis is missing. Without a time axis use the layer itself.`,
      );
    }
    return [batch, time, ...this.options.layer.outputShape([[batch, ...rest]]).slice(1)];
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[], context: BuildContext): void {
    this.options.layer.build([[x[0] ?? null, ...x.slice(2)]], context);
  }

  call([input]: readonly Tensor[], context: CallContext): CallResult {
    const x = input as Tensor;
    const [B, T, ...rest] = x.shape as [number, number, ...number[]];
    const mask = context.masks[0] ?? null;
    if (mask) checkMask(this, mask, x);
    const { outputs, penalty = null } = this.options.layer.run([reshape(x, [B * T, ...rest])], {
      ...context,
      masks: [null],
      state: null,
    });
    const y = outputs[0] as Tensor;
    return { ...oneOutput(reshape(y, [B, T, ...y.shape.slice(1)]), mask), penalty };
  }
}

/**
 * The same layer at each time step. `dense` does this by itself; other layers need it.
 * @example timeDistributed(flatten()) // [B, T, h, w] → [B, T, h · w]
 */
export function timeDistributed(layer: Layer, options: Omit<TimeDistributedOptions, "layer"> = {}): TimeDistributed {
  return new TimeDistributed(knownOptions("TimeDistributed", { layer, ...options }, timeDistributedNames));
}
