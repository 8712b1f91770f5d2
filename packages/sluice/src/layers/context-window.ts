import { concat, slice } from "../autograd/ops/shape.ts";
import { ShapeError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import { allocate, type Tensor } from "../tensor/tensor.ts";
import { checkCount } from "./cells/cell-options.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { checkMask } from "./recurrent-layer.ts";

/** Options of `contextWindow`. */
export interface ContextWindowOptions extends LayerOptions {
  /** L: steps in a window, this one and the L − 1 after it. */
  readonly length: number;
}

const contextWindowNames: NamesOf<ContextWindowOptions> = { ...layerNames, length: true };

/**
 * The steps that follow, beside each step: x [B, T, I] → [B, T, L · I], [x_t, x_{t+1}, …, x_{t+L−1}], with zeros beyond the end and
 * at masked steps. What reads it looks ahead: it can train on whole sequences, and stream with a delay of L − 1 steps.
 */
export class ContextWindow extends Layer<ContextWindowOptions> {
  readonly type: string = "ContextWindow";

  constructor(options: ContextWindowOptions) {
    super(options, "contextWindow");
    checkCount(options.length, "ContextWindow", "length");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const [batch = null, time = null, features] = x;
    if (x.length !== 3 || typeof features !== "number") {
      throw new ShapeError(
        `Cannot run ContextWindow "${this.name}" on shape ${showShape(x)}: it reads [batch, time, features], the number of features known.`,
      );
    }
    return [batch, time, this.options.length * features];
  }

  call([input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const mask = masks[0] ?? null;
    if (mask) checkMask(this, mask, input as Tensor);
    const x = withoutPadding(input as Tensor, mask);
    const { length } = this.options;
    const [B, T, I] = x.shape as [number, number, number];
    const beyond = allocate([B, length - 1, I], x.backend);
    x.backend.kernels.fill(beyond.storage, 0);
    const padded = concat([x, beyond], { axis: 1 });
    return oneOutput(concat(Array.from({ length }, (_, l) => slice(padded, l, l + T, { axis: 1 }))), mask);
  }
}

/** Each step with the L − 1 that follow it. @example contextWindow({ length: 3 }) // [B, T, I] → [B, T, 3 · I] */
export function contextWindow(options: ContextWindowOptions): ContextWindow {
  return new ContextWindow(knownOptions("ContextWindow", options, contextWindowNames));
}
