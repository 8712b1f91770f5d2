import { activate, add, multiply } from "../../autograd/ops/elementwise.ts";
import { layerNorm } from "../../autograd/ops/layer-norm.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { concat, split, stack } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { State, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { unstackTime } from "../scan.ts";
import { causalConvolution } from "./causal-convolution.ts";
import { checkCount } from "./cell-options.ts";
import { fillRange, headwiseProduct } from "./heads.ts";
import { type SLSTMState, sLstmStep } from "./s-lstm.ts";
import { EPSILON, XLSTMBlockCell, XLSTMBlockLayer, type XLSTMBlockOptions, xLstmBlockNames } from "./xlstm-block.ts";

/** Options of `sLstmBlockCell`. */
export interface SLSTMBlockCellOptions extends XLSTMBlockOptions {
  /** F: width of the feed-forward part. Default 4/3 of the features, rounded up. */
  readonly forwardUnits?: number;
}

const sLstmBlockCellNames: NamesOf<SLSTMBlockCellOptions> = { ...xLstmBlockNames, forwardUnits: true };

/**
 * The sLSTM block: an sLSTM whose gates i and f read a short causal convolution, then a gated feed-forward part, each on a residual
 * road [Beck et al. 2024, arXiv:2405.04517, figure 10].
 *
 *     u = norm(x)      v = silu(convolution(u))      h = sLSTM with ĩ, f̃ = W_if v + …, z̃, õ = W_zo u + …
 *     y = x + headNorm(h)      a, b = W_up norm(y)      x' = y + W_down (gelu(a) ⊙ b)
 *
 * Shapes: x [B, D]; gateKernel [D, 2D], blocks i f; kernel [D, 2D], blocks z o; recurrentKernel [heads, d, 4d] and bias [4D], blocks
 * i f z o; convolutionKernel [K, D] and convolutionBias [D]; upKernel [D, 2F], downKernel [F, D]; norm, headNorm, forwardNorm [D].
 */
export class SLSTMBlockCell extends XLSTMBlockCell<SLSTMBlockCellOptions> {
  readonly type: string = "SLSTMBlockCell";
  private weights!: Readonly<Record<string, Parameter>>;

  constructor(options: SLSTMBlockCellOptions = {}) {
    super(options, "sLstmBlockCell", "SLSTMBlock");
    if (options.forwardUnits !== undefined) checkCount(options.forwardUnits, "SLSTMBlock", "forwardUnits");
  }

  protected innerWidth(D: number): number {
    return D;
  }

  protected innerShapes(D: number): Readonly<Record<string, Shape>> {
    return { convolution: [this.convolutionLength - 1, D], cellHidden: [D], cellState: [D], normalizer: [D], stabilizer: [D] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const D = this.featuresOf(inputs);
    const { forwardUnits: F = Math.ceil((4 / 3) * D) } = this.options;
    const d = D / this.heads;
    const glorot = { initializer: "glorotUniform" } as const;
    const zeros = { initializer: "zeros" } as const;
    this.weights = {
      norm: this.scaleParameter("norm", D),
      convolutionKernel: this.addParameter("convolutionKernel", [this.convolutionLength, D], glorot),
      convolutionBias: this.addParameter("convolutionBias", [D], zeros),
      gateKernel: this.addParameter("gateKernel", [D, 2 * D], glorot),
      kernel: this.addParameter("kernel", [D, 2 * D], glorot),
      recurrentKernel: this.addParameter("recurrentKernel", [this.heads, d, 4 * d], zeros),
      bias: this.addParameter("bias", [4 * D], { ...zeros, adjust: (initial) => fillRange(initial, D, 2 * D, [3, 6]) }),
      headNorm: this.scaleParameter("headNorm", D),
      forwardNorm: this.scaleParameter("forwardNorm", D),
      upKernel: this.addParameter("upKernel", [D, 2 * F], glorot),
      downKernel: this.addParameter("downKernel", [F, D], glorot),
    };
  }

  read(x: Tensor, state: State): { y: Tensor; state: State } {
    const w = (name: string): Tensor => (this.weights[name] as Parameter).tensor;
    const { convolution, cellHidden, cellState, normalizer, stabilizer } = state as Record<string, Tensor>;
    const u = layerNorm(x, w("norm"), null, EPSILON);
    const { y: smooth, after } = causalConvolution(u, convolution as Tensor, w("convolutionKernel"), w("convolutionBias"));
    const gates = linear(activate("silu", smooth), w("gateKernel"));
    const fromInput = add(concat([gates, linear(u, w("kernel"))]), w("bias"));
    let inner = { hiddenState: cellHidden, cellState, normalizer, stabilizer } as SLSTMState;
    const shown = unstackTime(fromInput).map((raw) => {
      inner = sLstmStep(add(raw, headwiseProduct(inner.hiddenState, w("recurrentKernel"))), inner);
      return inner.hiddenState;
    });
    const y = add(x, this.headNorm(stack(shown, { axis: 1 }), w("headNorm")));
    const [a, b] = split(linear(layerNorm(y, w("forwardNorm"), null, EPSILON), w("upKernel")), 2) as [Tensor, Tensor];
    const { hiddenState, ...rest } = inner;
    return {
      y: add(y, linear(multiply(activate("gelu", a), b), w("downKernel"))),
      state: { ...state, convolution: after, cellHidden: hiddenState, ...rest },
    };
  }
}

/** Options of `sLstmBlock`. */
export interface SLSTMBlockOptions extends SLSTMBlockCellOptions, RecurrentOptions {}

const sLstmBlockNames: NamesOf<SLSTMBlockOptions> = { ...sLstmBlockCellNames, ...recurrentNames };

/** The sLSTM block over a sequence. Equations: see `SLSTMBlockCell`. */
export class SLSTMBlock extends XLSTMBlockLayer<SLSTMBlockOptions> {
  readonly type: string = "SLSTMBlock";
  readonly cell: SLSTMBlockCell;

  constructor(options: SLSTMBlockOptions = {}) {
    super(options, "sLstmBlock");
    this.cell = new SLSTMBlockCell(options);
  }
}

/** One step of an sLSTM block with weights of its own. @example rnn([sLstmBlockCell(), mLstmBlockCell()]) */
export function sLstmBlockCell(options: SLSTMBlockCellOptions = {}): SLSTMBlockCell {
  return new SLSTMBlockCell(knownOptions("SLSTMBlockCell", options, sLstmBlockCellNames));
}

/** An sLSTM block: x [B, T, D] → [B, D], or [B, T, D] with `returnSequences`. @example sLstmBlock({ heads: 4, returnSequences: true }) */
export function sLstmBlock(options: SLSTMBlockOptions = {}): SLSTMBlock {
  return new SLSTMBlock(knownOptions("SLSTMBlock", options, sLstmBlockNames));
}
