import { activate, add } from "../../autograd/ops/elementwise.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { Cell, dropped, noDropout, recurrentProduct, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings } from "./cell-options.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** Options of `canonicalRnnCell`. */
export interface CanonicalRNNCellOptions extends CellOptions {
  /** Of the weights on s. Default ½ I: a leak with a time constant of one step. */
  readonly stateInitializer?: InitializerSpec;
}

const canonicalRnnCellNames: NamesOf<CanonicalRNNCellOptions> = { ...cellNames, stateInitializer: true };

/**
 * One step of the canonical recurrent network [Sherstinsky 2020, doi:10.1016/j.physd.2019.132306, Eq. 30–31]: the additive delay
 * differential equation ds/dt = A s(t) + B r(t − τ) + C x(t) + φ, r = G(s), by backward Euler with a step of τ.
 *
 *     s' = W_s s + W_r r + W_x x + θ      r' = tanh(s')
 *
 * With W_s = 0 it is the simple recurrent network. `canonicalWeights` takes A, B, C and φ to the weights.
 * Shapes: x [B, I], r = hiddenState and s = cellState [B, H]; W_x = kernel [I, H], W_r = recurrentKernel and W_s = stateKernel
 * [H, H], θ = bias [H]. `activation` stands for tanh.
 */
export class CanonicalRNNCell extends Cell<CanonicalRNNCellOptions, LSTMState> {
  readonly type: string = "CanonicalRNNCell";
  readonly stateShapes: Readonly<Record<keyof LSTMState, Shape>>;
  readonly settings: CellSettings;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  stateKernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: CanonicalRNNCellOptions) {
    super(options, "canonicalRnnCell");
    this.settings = cellSettings(options, "CanonicalRNN");
    this.stateShapes = { hiddenState: [options.units], cellState: [options.units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const { stateInitializer = { type: "identity", gain: 0.5 } } = this.options;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [units, units], recurrentKernel);
    this.stateKernel = this.addParameter("stateKernel", [units, units], { initializer: stateInitializer });
    if (useBias) this.bias = this.addParameter("bias", [units], bias);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 1);
  }

  step(x: Tensor, { hiddenState: r, cellState: s }: LSTMState, { input, recurrent }: StepDropout = noDropout): LSTMState {
    const fromInput = linear(dropped(x, input), this.kernel.tensor, this.bias?.tensor ?? null);
    const fromOutput = recurrentProduct(r, this.recurrentKernel.tensor, recurrent);
    const cellState = add(add(fromInput, fromOutput), matmul(s, this.stateKernel.tensor));
    return { hiddenState: activate(this.settings.activation, cellState), cellState };
  }
}

/** Options of `canonicalRnn`. */
export interface CanonicalRNNOptions extends CanonicalRNNCellOptions, RecurrentOptions {}

const canonicalRnnNames: NamesOf<CanonicalRNNOptions> = { ...canonicalRnnCellNames, ...recurrentNames };

/** The canonical recurrent network over a sequence. Equation: see `CanonicalRNNCell`. */
export class CanonicalRNN extends RecurrentLayer<CanonicalRNNOptions, LSTMState> {
  readonly type: string = "CanonicalRNN";
  readonly cell: CanonicalRNNCell;

  constructor(options: CanonicalRNNOptions) {
    super(options, "canonicalRnn");
    this.cell = new CanonicalRNNCell(options);
  }
}

/** One step of the canonical recurrent network with weights of its own. @example rnn(canonicalRnnCell({ units: 32 })) */
export function canonicalRnnCell(options: CanonicalRNNCellOptions): CanonicalRNNCell {
  return new CanonicalRNNCell(knownOptions("CanonicalRNNCell", options, canonicalRnnCellNames));
}

/** A canonical recurrent layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example canonicalRnn({ units: 32 }) */
export function canonicalRnn(options: CanonicalRNNOptions): CanonicalRNN {
  return new CanonicalRNN(knownOptions("CanonicalRNN", options, canonicalRnnNames));
}
