import { activate, add, multiply } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions } from "../recurrent-layer.ts";
import { Cell, dropped, type HiddenState, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellSettings } from "./cell-options.ts";

/**
 * `activation` is "relu" by default and `recurrentInitializer` "ones". The paper bounds |u| by 2^(1/T) for sequences of length T:
 * `recurrentConstraint: { type: "clip", min: -bound, max: bound }`.
 */
export interface IndRNNCellOptions extends CellOptions {}

/**
 * One step of the independently recurrent network [Li et al. 2018, arXiv:1803.04831]: each unit reads its own past alone.
 *
 *     h' = relu(W x + u ⊙ h + b)
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, H], u = recurrentKernel [H], b = bias [H]. `activation` stands for relu.
 */
export class IndRNNCell extends Cell<IndRNNCellOptions, HiddenState> {
  readonly type: string = "IndRNNCell";
  readonly stateShapes: Readonly<Record<keyof HiddenState, Shape>>;
  readonly settings: CellSettings;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: IndRNNCellOptions) {
    super(options, "indRnnCell");
    this.settings = cellSettings({ activation: "relu", recurrentInitializer: "ones", ...options }, "IndRNN");
    this.stateShapes = { hiddenState: [options.units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [units], recurrentKernel);
    if (useBias) this.bias = this.addParameter("bias", [units], bias);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 1);
  }

  step(x: Tensor, { hiddenState: h }: HiddenState, { input, recurrent }: StepDropout = noDropout): HiddenState {
    const fromInput = linear(dropped(x, input), this.kernel.tensor, this.bias?.tensor ?? null);
    const fromState = multiply(dropped(h, recurrent[0]), this.recurrentKernel.tensor);
    return { hiddenState: activate(this.settings.activation, add(fromInput, fromState)) };
  }
}

/** Options of `indRnn`. */
export interface IndRNNOptions extends IndRNNCellOptions, RecurrentOptions {}

/** The independently recurrent network over a sequence. Equation: see `IndRNNCell`. */
export class IndRNN extends RecurrentLayer<IndRNNOptions, HiddenState> {
  readonly type: string = "IndRNN";
  readonly cell: IndRNNCell;

  constructor(options: IndRNNOptions) {
    super(options, "indRnn");
    this.cell = new IndRNNCell(options);
  }
}

/** One IndRNN step with weights of its own. @example rnn([indRnnCell({ units: 32 }), indRnnCell({ units: 32 })]) */
export function indRnnCell(options: IndRNNCellOptions): IndRNNCell {
  return new IndRNNCell(options);
}

/** An independently recurrent layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example indRnn({ units: 32 }) */
export function indRnn(options: IndRNNOptions): IndRNN {
  return new IndRNN(options);
}
