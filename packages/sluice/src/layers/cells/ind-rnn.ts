import { activate, add, multiply } from "../../autograd/ops/elementwise.ts";
import { layerNorm as normalize } from "../../autograd/ops/layer-norm.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { ValueError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, ParameterOptions, SymbolicShape } from "../layer.ts";
import { withoutPadding } from "../linear-recurrence.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { type SequenceResult, scan } from "../scan.ts";
import { Cell, dropped, type HiddenState, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings, checkCount } from "./cell-options.ts";

/** `activation` is "relu" by default and `recurrentInitializer` "ones". */
export interface IndRNNCellOptions extends CellOptions {
  /**
   * T: keep |u| ≤ 2^(1/T), the paper's bound, at the start and after every step of the optimizer, so that no unit grows by more than
   * 2 over T steps. It is a `recurrentConstraint`: give one of the two. Default null: no bound.
   */
  readonly longestSequence?: number | null;
  /** Normalise W x over the units before the past is added; stands in for the paper's batch normalization. Default false. */
  readonly layerNorm?: boolean;
}

const indRnnCellNames: NamesOf<IndRNNCellOptions> = { ...cellNames, longestSequence: true, layerNorm: true };

const LAYER_NORM_EPSILON = 1e-5; // as in the LSTM

/**
 * One step of the independently recurrent network [Li et al. 2018, arXiv:1803.04831]: each unit reads its own past alone.
 *
 *     h' = relu(W x + u ⊙ h + b)          with layerNorm: relu(LN(W x) + u ⊙ h + b)
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, H], u = recurrentKernel [H], b = bias [H], gain of LN = kernelGain [H].
 * `activation` stands for relu.
 * @throws {ValueError} for `longestSequence` together with `recurrentConstraint`, or one that is not a whole number ≥ 1.
 */
export class IndRNNCell extends Cell<IndRNNCellOptions, HiddenState> {
  readonly type: string = "IndRNNCell";
  readonly stateShapes: Readonly<Record<keyof HiddenState, Shape>>;
  readonly settings: CellSettings;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;
  private gain: Parameter | null = null;

  constructor(options: IndRNNCellOptions) {
    super(options, "indRnnCell");
    const { longestSequence = null, recurrentConstraint } = options;
    if (longestSequence !== null) checkCount(longestSequence, "IndRNN", "longestSequence");
    if (longestSequence !== null && recurrentConstraint) {
      throw new ValueError(
        `Cannot make IndRNN with longestSequence ${longestSequence} and a recurrentConstraint: both bound u. Give one of the two.`,
      );
    }
    this.settings = cellSettings({ activation: "relu", recurrentInitializer: "ones", ...options }, "IndRNN");
    this.stateShapes = { hiddenState: [options.units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const { longestSequence = null, layerNorm } = this.options;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), units], kernel);
    const bounded = longestSequence === null ? recurrentKernel : { ...recurrentKernel, ...within(2 ** (1 / longestSequence)) };
    this.recurrentKernel = this.addParameter("recurrentKernel", [units], bounded);
    if (layerNorm) this.gain = this.addParameter("kernelGain", [units], { initializer: "ones" });
    if (useBias) this.bias = this.addParameter("bias", [units], bias);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 1);
  }

  /** W x + b, or LN(W x) + b, of one step or of many: x [..., I] → [..., H]. */
  project(x: Tensor): Tensor {
    const bias = this.bias?.tensor ?? null;
    if (!this.gain) return linear(x, this.kernel.tensor, bias);
    return normalize(linear(x, this.kernel.tensor), this.gain.tensor, bias, LAYER_NORM_EPSILON);
  }

  /** The step after `project`, with the mask of h. */
  advance(fromInput: Tensor, { hiddenState: h }: HiddenState, mask?: Tensor): HiddenState {
    const fromState = multiply(dropped(h, mask), this.recurrentKernel.tensor);
    return { hiddenState: activate(this.settings.activation, add(fromInput, fromState)) };
  }

  step(x: Tensor, state: HiddenState, { input, recurrent }: StepDropout = noDropout): HiddenState {
    return this.advance(this.project(dropped(x, input)), state, recurrent[0]);
  }
}

/** What keeps a weight's entries within ± bound: where it starts, and as it moves. */
function within(bound: number): Pick<ParameterOptions, "adjust" | "constraint"> {
  const adjust = (initial: Float64Array): void => {
    initial.forEach((value, k) => {
      initial[k] = Math.min(bound, Math.max(-bound, value));
    });
  };
  return { adjust, constraint: { type: "clip", min: -bound, max: bound } };
}

/** Options of `indRnn`. */
export interface IndRNNOptions extends IndRNNCellOptions, RecurrentOptions {}

const indRnnNames: NamesOf<IndRNNOptions> = { ...indRnnCellNames, ...recurrentNames };

/** The independently recurrent network over a sequence: the products with x of all steps at once, then unit by unit. Equation: see `IndRNNCell`. */
export class IndRNN extends RecurrentLayer<IndRNNOptions, HiddenState> {
  readonly type: string = "IndRNN";
  readonly cell: IndRNNCell;

  constructor(options: IndRNNOptions) {
    super(options, "indRnn");
    this.cell = new IndRNNCell(options);
  }

  protected override fused(x: Tensor, initial: HiddenState, mask: Tensor | null): SequenceResult<HiddenState> {
    const { goBackwards = false, returnSequences = false } = this.options;
    const projected = this.cell.project(withoutPadding(x, mask));
    const output = ({ hiddenState }: HiddenState): Tensor => hiddenState;
    return scan((z, state: HiddenState) => this.cell.advance(z, state), initial, projected, {
      mask,
      output,
      goBackwards,
      returnSequences,
    });
  }
}

/** One IndRNN step with weights of its own. @example rnn([indRnnCell({ units: 32 }), indRnnCell({ units: 32 })]) */
export function indRnnCell(options: IndRNNCellOptions): IndRNNCell {
  return new IndRNNCell(knownOptions("IndRNNCell", options, indRnnCellNames));
}

/** An independently recurrent layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example indRnn({ units: 32 }) */
export function indRnn(options: IndRNNOptions): IndRNN {
  return new IndRNN(knownOptions("IndRNN", options, indRnnNames));
}
