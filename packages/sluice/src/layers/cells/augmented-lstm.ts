import { activate, add, multiply } from "../../autograd/ops/elementwise.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { split } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { Cell, dropped, noDropout, recurrentProduct, type StepDropout } from "./cell.ts";
import { type CellSettings, cellSettings, checkCount, type GatedCellOptions, gatedCellNames } from "./cell-options.ts";
import { reportGates } from "./gates.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** Options of `augmentedLstmCell`. */
export interface AugmentedLSTMCellOptions extends GatedCellOptions {
  /** V: what is shown and fed back is q projected to this many features; null shows q itself. Default null. */
  readonly projection?: number | null;
  /** The gate on what the candidate reads of x. Without it, and without projection, this is the paper's vanilla LSTM. Default true. */
  readonly externalInputGate?: boolean;
  /** The bias of the forget gate starts at exactly 1. Default true. */
  readonly unitForgetBias?: boolean;
}

const augmentedLstmCellNames: NamesOf<AugmentedLSTMCellOptions> = {
  ...gatedCellNames,
  projection: true,
  externalInputGate: true,
  unitForgetBias: true,
};

/**
 * One step of the augmented LSTM [Sherstinsky 2020, doi:10.1016/j.physd.2019.132306, Eq. 196–214]: peepholes by full matrices, a
 * fourth gate on the external input, and a projection of what is shown.
 *
 *     i, f, e = σ(W x + R v + P c + b)                     g = tanh(e ⊙ W_g x + R_g v + b_g)
 *     c' = f ⊙ c + i ⊙ g                                   o = σ(W_o x + R_o v + P_o c' + b_o)       v' = Q (o ⊙ tanh(c'))
 *
 * The paper's windows of L steps, Σ_l W[l] x[n + l], are this cell after `contextWindow({ length: L })`: kernel [L · I, 5H].
 * Two printed gradients are wrong and not copied: P_o enters its own transposed (Eq. 149), and e scales that of W_g (Eq. 246).
 * Shapes: x [B, I], v = hiddenState [B, V], c [B, H]; W = kernel [I, 5H], R = recurrentKernel [V, 5H], b = bias [5H], blocks
 * i f g o e; P = peepholeKernel [H, 3H], blocks i f e; P_o = outputPeephole [H, H]; Q = projectionKernel [H, V].
 * Without the external gate the blocks e are missing. `recurrentActivation` stands for σ, `activation` for tanh.
 */
export class AugmentedLSTMCell extends Cell<AugmentedLSTMCellOptions, LSTMState> {
  readonly type: string = "AugmentedLSTMCell";
  readonly stateShapes: Readonly<Record<keyof LSTMState, Shape>>;
  readonly settings: CellSettings;
  private readonly gated: boolean;
  private readonly shown: number;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  peepholeKernel!: Parameter;
  outputPeephole!: Parameter;
  projectionKernel: Parameter | null = null;
  bias: Parameter | null = null;

  constructor(options: AugmentedLSTMCellOptions) {
    super(options, "augmentedLstmCell");
    this.settings = cellSettings(options, "AugmentedLSTM");
    const { units, projection = null, externalInputGate = true } = options;
    if (projection !== null) checkCount(projection, "AugmentedLSTM", "projection");
    this.gated = externalInputGate;
    this.shown = projection ?? units;
    this.stateShapes = { hiddenState: [this.shown], cellState: [units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const { unitForgetBias = true, projection = null } = this.options;
    const blocks = this.gated ? 5 : 4;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), blocks * units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [this.shown, blocks * units], recurrentKernel);
    this.peepholeKernel = this.addParameter("peepholeKernel", [units, (blocks - 2) * units], recurrentKernel);
    this.outputPeephole = this.addParameter("outputPeephole", [units, units], recurrentKernel);
    if (projection !== null) this.projectionKernel = this.addParameter("projectionKernel", [units, projection], kernel);
    if (!useBias) return;
    const adjust = (initial: Float64Array): void => {
      if (unitForgetBias) initial.fill(1, units, 2 * units);
    };
    this.bias = this.addParameter("bias", [blocks * units], { ...bias, adjust });
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, { ...this.settings, units: this.shown }, this.gated ? 5 : 4);
  }

  step(x: Tensor, { hiddenState: v, cellState: c }: LSTMState, { input, recurrent }: StepDropout = noDropout): LSTMState {
    const { activation, recurrentActivation } = this.settings;
    const blocks = this.gated ? 5 : 4;
    const fromInput = split(linear(dropped(x, input), this.kernel.tensor), blocks);
    const product = recurrentProduct(v, this.recurrentKernel.tensor, recurrent);
    const fromState = split(this.bias ? add(product, this.bias.tensor) : product, blocks);
    const [pi, pf, pe] = split(matmul(c, this.peepholeKernel.tensor), blocks - 2) as [Tensor, Tensor, Tensor?];
    const gate = (k: number, peephole: Tensor): Tensor =>
      activate(recurrentActivation, add(add(fromInput[k] as Tensor, fromState[k] as Tensor), peephole));
    const [i, f, e] = [gate(0, pi), gate(1, pf), pe && gate(4, pe)];
    const read = e ? multiply(e, fromInput[2] as Tensor) : (fromInput[2] as Tensor);
    const g = activate(activation, add(read, fromState[2] as Tensor));
    const cellState = add(multiply(f, c), multiply(i, g));
    const o = gate(3, matmul(cellState, this.outputPeephole.tensor));
    reportGates(() => ({
      inputGate: i,
      forgetGate: f,
      ...(e && { externalInputGate: e }),
      cellCandidate: g,
      outputGate: o,
    }));
    const q = multiply(o, activate(activation, cellState));
    return { hiddenState: this.projectionKernel ? matmul(q, this.projectionKernel.tensor) : q, cellState };
  }
}

/** Options of `augmentedLstm`. */
export interface AugmentedLSTMOptions extends AugmentedLSTMCellOptions, RecurrentOptions {}

const augmentedLstmNames: NamesOf<AugmentedLSTMOptions> = { ...augmentedLstmCellNames, ...recurrentNames };

/** The augmented LSTM over a sequence. Equations: see `AugmentedLSTMCell`. */
export class AugmentedLSTM extends RecurrentLayer<AugmentedLSTMOptions, LSTMState> {
  readonly type: string = "AugmentedLSTM";
  readonly cell: AugmentedLSTMCell;

  constructor(options: AugmentedLSTMOptions) {
    super(options, "augmentedLstm");
    this.cell = new AugmentedLSTMCell(options);
  }
}

/** One step of the augmented LSTM with weights of its own. @example rnn(augmentedLstmCell({ units: 32, projection: 16 })) */
export function augmentedLstmCell(options: AugmentedLSTMCellOptions): AugmentedLSTMCell {
  return new AugmentedLSTMCell(knownOptions("AugmentedLSTMCell", options, augmentedLstmCellNames));
}

/**
 * A layer of the augmented LSTM: x [B, T, I] → [B, V], or [B, T, V] with `returnSequences`.
 * @example sequential([contextWindow({ length: 3, inputShape: [null, 8] }), augmentedLstm({ units: 32, projection: 16 })])
 */
export function augmentedLstm(options: AugmentedLSTMOptions): AugmentedLSTM {
  return new AugmentedLSTM(knownOptions("AugmentedLSTM", options, augmentedLstmNames));
}
