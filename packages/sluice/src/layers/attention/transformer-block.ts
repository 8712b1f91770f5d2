import { dropout as dropoutOp } from "../../autograd/ops/dropout.ts";
import { activate, add } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { ShapeError } from "../../errors.ts";
import { showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkActivation, checkCount, checkRate } from "../cells/cell-options.ts";
import {
  type BuildContext,
  type CallContext,
  type CallResult,
  Layer,
  type LayerOptions,
  oneOutput,
  type SymbolicShape,
} from "../layer.ts";
import { type LayerNormalization, layerNormalization } from "../layer-normalization.ts";
import { withoutPadding } from "../linear-recurrence.ts";
import { knownOptions, layerNames, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { checkMask } from "../recurrent-layer.ts";
import { type MultiHeadAttention, multiHeadAttention } from "./multi-head-attention.ts";

/** Options of `transformerBlock`. */
export interface TransformerBlockOptions extends LayerOptions {
  /** n, the number of heads; they share the features evenly. */
  readonly heads: number;
  /** F, width of the feed-forward part. Default 4 times the features. */
  readonly forwardUnits?: number;
  /** Of the feed-forward part. Default "relu". */
  readonly activation?: ActivationName;
  /** Each step sees itself and those before it alone. Default false. */
  readonly causal?: boolean;
  /** Share dropped in training of the attention's weights, of what each half adds, and inside the feed-forward part. Default 0. */
  readonly dropout?: number;
  /** Of both normalizations. Default 1e-5. */
  readonly epsilon?: number;
}

const transformerBlockNames: NamesOf<TransformerBlockOptions> = {
  ...layerNames,
  heads: true,
  forwardUnits: true,
  activation: true,
  causal: true,
  dropout: true,
  epsilon: true,
};

/**
 * A Transformer layer that normalizes first [Vaswani et al. 2017, arXiv:1706.03762; the order of Xiong et al. 2020, arXiv:2002.04745]:
 * the rival that a recurrent model is measured against.
 *
 *     y = x + attention(norm(x))      z = y + f(forwardNorm(y) W_up + b_up) W_down + b_down
 *
 * Shapes: x [B, T, D] → [B, T, D]; attention is a `MultiHeadAttention` of its own input; norm and forwardNorm have a scale and a shift;
 * W_up = upKernel [D, F], W_down = downKernel [F, D]. It knows no order: put `positions()` before the first one. Masked steps are not looked at and give numbers
 * without a meaning; the mask passes through.
 */
export class TransformerBlock extends Layer<TransformerBlockOptions> {
  readonly type: string = "TransformerBlock";
  readonly norm: LayerNormalization;
  readonly attention: MultiHeadAttention;
  readonly forwardNorm: LayerNormalization;
  upKernel!: Parameter;
  upBias!: Parameter;
  downKernel!: Parameter;
  downBias!: Parameter;

  constructor(options: TransformerBlockOptions) {
    super(options, "transformerBlock");
    const { heads, forwardUnits, activation = "relu", causal = false, dropout = 0, epsilon = 1e-5 } = options;
    checkCount(heads, "TransformerBlock", "heads");
    if (forwardUnits !== undefined) checkCount(forwardUnits, "TransformerBlock", "forwardUnits");
    checkActivation(activation, "TransformerBlock", "activation");
    checkRate(dropout, "TransformerBlock", "dropout");
    this.norm = layerNormalization({ epsilon });
    this.attention = multiHeadAttention({ heads, causal, dropout });
    this.forwardNorm = layerNormalization({ epsilon });
  }

  override get sublayers(): readonly Layer[] {
    return [this.norm, this.attention, this.forwardNorm];
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const features = x.at(-1);
    const built = this.inputShapes[0]?.at(-1);
    const { heads } = this.options;
    if (x.length !== 3 || typeof features !== "number" || features % heads !== 0 || (built !== undefined && built !== features)) {
      throw new ShapeError(
        `Cannot run TransformerBlock "${this.name}" on shape ${showShape(x)}: it reads [batch, time, ${built ?? "a known number of"} features], ` +
          `and its ${heads} heads share the features evenly. Bring them to a multiple of ${heads} with dense({ units }).`,
      );
    }
    return x;
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[], context: BuildContext): void {
    const D = x.at(-1) as number;
    const { forwardUnits: F = 4 * D } = this.options;
    const glorot = { initializer: "glorotUniform" } as const;
    const zeros = { initializer: "zeros" } as const;
    this.norm.build([x], { ...context, path: `${context.path}/norm` });
    this.attention.build([x], { ...context, path: `${context.path}/attention` });
    this.forwardNorm.build([x], { ...context, path: `${context.path}/forwardNorm` });
    this.upKernel = this.addParameter("upKernel", [D, F], glorot);
    this.upBias = this.addParameter("upBias", [F], zeros);
    this.downKernel = this.addParameter("downKernel", [F, D], glorot);
    this.downBias = this.addParameter("downBias", [D], zeros);
  }

  call([input]: readonly Tensor[], context: CallContext): CallResult {
    const mask = context.masks[0] ?? null;
    if (mask) checkMask(this, mask, input as Tensor);
    const x = withoutPadding(input as Tensor, mask);
    const through = (layer: Layer, from: Tensor): Tensor => layer.run([from], context).outputs[0] as Tensor;
    const dropped = (from: Tensor, purpose: string): Tensor => {
      const { dropout = 0 } = this.options;
      return context.training && dropout > 0 ? dropoutOp(from, dropout, this.randomKey(purpose, context.step)) : from;
    };
    const y = add(x, dropped(through(this.attention, through(this.norm, x)), "attended"));
    const { activation = "relu" } = this.options;
    const up = activate(activation, linear(through(this.forwardNorm, y), this.upKernel.tensor, this.upBias.tensor));
    const down = linear(dropped(up, "up"), this.downKernel.tensor, this.downBias.tensor);
    return oneOutput(add(y, dropped(down, "down")), mask);
  }
}

/**
 * A layer of a Transformer, for sequences: [B, T, D] → [B, T, D].
 * @throws {ValueError} when a size is not a whole number ≥ 1, a rate not in [0, 1), or the activation unknown; {ShapeError} when the
 * heads do not share the features evenly.
 * @example sequential([dense({ units: 32 }), positions(), transformerBlock({ heads: 4 }), transformerBlock({ heads: 4 }), dense({ units: 1 })])
 */
export function transformerBlock(options: TransformerBlockOptions): TransformerBlock {
  return new TransformerBlock(knownOptions("TransformerBlock", options, transformerBlockNames));
}
