import { activate, add, logSigmoid, multiply } from "../../autograd/ops/elementwise.ts";
import { layerNorm } from "../../autograd/ops/layer-norm.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { concat, split } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { State, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { causalConvolution } from "./causal-convolution.ts";
import { checkCount } from "./cell-options.ts";
import { fillRange } from "./heads.ts";
import { readHeads } from "./m-lstm-memory.ts";
import { EPSILON, XLSTMBlockCell, XLSTMBlockLayer, type XLSTMBlockOptions, xLstmBlockNames } from "./xlstm-block.ts";

/** Options of `mLstmBlockCell`. */
export interface MLSTMBlockCellOptions extends XLSTMBlockOptions {
  /** E / D: how much wider than x the block is inside, a whole number. Default 2. */
  readonly expansion?: number;
  /** Steps that run at once. Results do not depend on it. Default 64. */
  readonly chunkLength?: number;
}

const mLstmBlockCellNames: NamesOf<MLSTMBlockCellOptions> = { ...xLstmBlockNames, expansion: true, chunkLength: true };

/**
 * The mLSTM block: matrix memory between a projection up and one down, on a residual road [Beck et al. 2024, arXiv:2405.04517,
 * figure 11].
 *
 *     m, z = W_up norm(x)      v = silu(convolution(m))      q = W_q v      k = W_k v / √d      values = W_v m
 *     ĩ, f̃ = w [q, k √d, values] + b      h = the memory's output      x' = x + W_down ((headNorm(h) + skip ⊙ v) ⊙ silu(z))
 *
 * Shapes: x [B, D], E = expansion · D; upKernel [D, 2E], downKernel [E, D]; queryKernel, keyKernel, valueKernel [E, E]; gateKernel
 * [3E, 2 · heads] and gateBias, blocks i f; convolutionKernel [K, E] and convolutionBias [E]; headNorm and skip [E]; norm [D].
 */
export class MLSTMBlockCell extends XLSTMBlockCell<MLSTMBlockCellOptions> {
  readonly type: string = "MLSTMBlockCell";
  private readonly expansion: number;
  private weights!: Readonly<Record<string, Parameter>>;

  constructor(options: MLSTMBlockCellOptions = {}) {
    super(options, "mLstmBlockCell", "MLSTMBlock");
    const { expansion = 2, chunkLength = 64 } = options;
    checkCount(expansion, "MLSTMBlock", "expansion");
    checkCount(chunkLength, "MLSTMBlock", "chunkLength");
    this.expansion = expansion;
  }

  protected innerWidth(D: number): number {
    return this.expansion * D;
  }

  protected innerShapes(D: number): Readonly<Record<string, Shape>> {
    const E = this.innerWidth(D);
    const [n, d] = [this.heads, E / this.heads];
    return { convolution: [this.convolutionLength - 1, E], cellState: [n, d, d], normalizer: [n, d], stabilizer: [n] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const D = this.featuresOf(inputs);
    const E = this.innerWidth(D);
    const n = this.heads;
    const glorot = { initializer: "glorotUniform" } as const;
    this.weights = {
      norm: this.scaleParameter("norm", D),
      upKernel: this.addParameter("upKernel", [D, 2 * E], glorot),
      convolutionKernel: this.addParameter("convolutionKernel", [this.convolutionLength, E], glorot),
      convolutionBias: this.addParameter("convolutionBias", [E], { initializer: "zeros" }),
      queryKernel: this.addParameter("queryKernel", [E, E], glorot),
      keyKernel: this.addParameter("keyKernel", [E, E], glorot),
      valueKernel: this.addParameter("valueKernel", [E, E], glorot),
      gateKernel: this.addParameter("gateKernel", [3 * E, 2 * n], { initializer: "zeros" }),
      gateBias: this.addParameter("gateBias", [2 * n], {
        initializer: { type: "randomNormal", std: 0.1 },
        adjust: (initial) => fillRange(initial, n, 2 * n, [3, 6]),
      }),
      headNorm: this.scaleParameter("headNorm", E),
      skip: this.scaleParameter("skip", E),
      downKernel: this.addParameter("downKernel", [E, D], glorot),
    };
  }

  read(x: Tensor, state: State): { y: Tensor; state: State } {
    const w = (name: string): Tensor => (this.weights[name] as Parameter).tensor;
    const { chunkLength = 64 } = this.options;
    const [m, z] = split(linear(layerNorm(x, w("norm"), null, EPSILON), w("upKernel")), 2) as [Tensor, Tensor];
    const { y: smooth, after } = causalConvolution(m, state.convolution as Tensor, w("convolutionKernel"), w("convolutionBias"));
    const v = activate("silu", smooth);
    const [q, k, values] = [linear(v, w("queryKernel")), linear(v, w("keyKernel")), linear(m, w("valueKernel"))];
    const [logI, rawF] = split(linear(concat([q, k, values]), w("gateKernel"), w("gateBias")), 2) as [Tensor, Tensor];
    const { h, memory } = readHeads({ q, k, v: values, logI, logF: logSigmoid(rawF) }, state, chunkLength);
    const gated = multiply(add(this.headNorm(h, w("headNorm")), multiply(w("skip"), v)), activate("silu", z));
    return { y: add(x, linear(gated, w("downKernel"))), state: { ...state, convolution: after, ...memory } };
  }
}

/** Options of `mLstmBlock`. */
export interface MLSTMBlockOptions extends MLSTMBlockCellOptions, RecurrentOptions {}

const mLstmBlockNames: NamesOf<MLSTMBlockOptions> = { ...mLstmBlockCellNames, ...recurrentNames };

/** The mLSTM block over a sequence. Equations: see `MLSTMBlockCell`. */
export class MLSTMBlock extends XLSTMBlockLayer<MLSTMBlockOptions> {
  readonly type: string = "MLSTMBlock";
  readonly cell: MLSTMBlockCell;

  constructor(options: MLSTMBlockOptions = {}) {
    super(options, "mLstmBlock");
    this.cell = new MLSTMBlockCell(options);
  }
}

/** One step of an mLSTM block with weights of its own. @example rnn([mLstmBlockCell({ heads: 4 }), sLstmBlockCell({ heads: 4 })]) */
export function mLstmBlockCell(options: MLSTMBlockCellOptions = {}): MLSTMBlockCell {
  return new MLSTMBlockCell(knownOptions("MLSTMBlockCell", options, mLstmBlockCellNames));
}

/** An mLSTM block: x [B, T, D] → [B, D], or [B, T, D] with `returnSequences`. @example mLstmBlock({ heads: 4, returnSequences: true }) */
export function mLstmBlock(options: MLSTMBlockOptions = {}): MLSTMBlock {
  return new MLSTMBlock(knownOptions("MLSTMBlock", options, mLstmBlockNames));
}
