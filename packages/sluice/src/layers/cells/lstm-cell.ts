import { activate, add, multiply } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { split } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import type { SequenceResult } from "../scan.ts";
import { Cell, dropped, type FusedStep, noDropout, recurrentProduct, type SequenceOrder, type StepDropout } from "./cell.ts";
import { type CellSettings, cellSettings, type GatedCellOptions } from "./cell-options.ts";
import { fusedLSTM } from "./fused-lstm.ts";
import { reportGates } from "./gates.ts";
import { GeneralLSTMCell } from "./general-lstm-cell.ts";
import { type GeneralLSTMCellOptions, generalLstmCellNames, isGeneralLSTM } from "./lstm-form.ts";

/** What an LSTM carries: h and c, each [B, H]. */
export type LSTMState = { readonly hiddenState: Tensor; readonly cellState: Tensor };

/** Options of `lstmCell`. */
export interface LSTMCellOptions extends GatedCellOptions {
  /** The bias of the forget gate starts at exactly 1, whatever `biasInitializer` says, so that a fresh cell remembers. Default true. */
  readonly unitForgetBias?: boolean;
}

/**
 * One step of long short-term memory [Hochreiter & Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735] with the
 * forget gate of [Gers et al. 2000, doi:10.1162/089976600300015015]; no peepholes.
 *
 *     i = σ(W_i x + R_i h + b_i)      f = σ(W_f x + R_f h + b_f)      c' = f ⊙ c + i ⊙ g
 *     g = tanh(W_g x + R_g h + b_g)   o = σ(W_o x + R_o h + b_o)      h' = o ⊙ tanh(c')
 *
 * Shapes: x [B, I], h and c [B, H]; W = kernel [I, 4H], R = recurrentKernel [H, 4H], b = bias [4H], blocks i f g o.
 * `recurrentActivation` stands for σ, `activation` for tanh. The bias of f starts at 1, the others at 0 [Jozefowicz et al. 2015].
 */
export class LSTMCell extends Cell<LSTMCellOptions, LSTMState> {
  readonly type: string = "LSTMCell";
  readonly stateShapes: Readonly<Record<keyof LSTMState, Shape>>;
  readonly settings: CellSettings;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: LSTMCellOptions) {
    super(options, "lstmCell");
    this.settings = cellSettings(options, "LSTM");
    this.stateShapes = { hiddenState: [options.units], cellState: [options.units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), 4 * units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [units, 4 * units], recurrentKernel);
    if (!useBias) return;
    const { unitForgetBias = true } = this.options;
    const adjust = (initial: Float64Array): void => {
      if (unitForgetBias) initial.fill(1, units, 2 * units);
    };
    this.bias = this.addParameter("bias", [4 * units], { ...bias, adjust });
  }

  override get fusedStep(): FusedStep | null {
    return this.constructor === LSTMCell ? "lstm" : null;
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 4);
  }

  override sequence(
    x: Tensor,
    state: LSTMState,
    mask: Tensor | null,
    dropout: StepDropout,
    order: SequenceOrder,
  ): SequenceResult<LSTMState> | null {
    return this.fusedStep && fusedLSTM(this, this.settings, x, state, mask, dropout, order);
  }

  step(x: Tensor, { hiddenState: h, cellState: c }: LSTMState, dropout: StepDropout = noDropout): LSTMState {
    const { activation, recurrentActivation } = this.settings;
    const fromInput = linear(dropped(x, dropout.input), this.kernel.tensor, this.bias?.tensor ?? null);
    const z = add(fromInput, recurrentProduct(h, this.recurrentKernel.tensor, dropout.recurrent));
    const [zi, zf, zg, zo] = split(z, 4) as [Tensor, Tensor, Tensor, Tensor];
    const [i, f] = [activate(recurrentActivation, zi), activate(recurrentActivation, zf)];
    const [g, o] = [activate(activation, zg), activate(recurrentActivation, zo)];
    reportGates(() => ({ inputGate: i, forgetGate: f, cellCandidate: g, outputGate: o }));
    const cellState = add(multiply(f, c), multiply(i, g));
    return { hiddenState: multiply(o, activate(activation, cellState)), cellState };
  }
}

/**
 * One LSTM step with weights of its own: the plain one, or `GeneralLSTMCell` where the options ask for another form.
 * @throws {ValueError} for a value outside its rule, and for options that have no meaning together.
 * @example rnn([lstmCell({ units: 32 }), lstmCell({ units: 32, peepholes: "diagonal", coupledGates: true })])
 */
export function lstmCell(options: GeneralLSTMCellOptions): LSTMCell | GeneralLSTMCell {
  return lstmCellOf(knownOptions("LSTMCell", options, generalLstmCellNames));
}

/** The cell for these options, among which those of a layer may stand. */
export function lstmCellOf(options: GeneralLSTMCellOptions): LSTMCell | GeneralLSTMCell {
  return isGeneralLSTM(options) ? new GeneralLSTMCell(options) : new LSTMCell(options as LSTMCellOptions);
}
