import { convolution } from "../../autograd/ops/convolution.ts";
import { activate, add, multiply } from "../../autograd/ops/elementwise.ts";
import { concat, split } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { type ConvolutionWindows, convolutionWindows } from "../convolution.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { checkChoice, type PerAxis, perAxis, windowCounts } from "../window-options.ts";
import { type ActivationSpec, activateBy, checkActivationSpec } from "./activation-spec.ts";
import { dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings, checkCount } from "./cell-options.ts";
import { reportGates } from "./gates.ts";
import { GridCell } from "./grid-cell.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** Options of `convLstm1d`, `convLstm2d` and `convLstm3d`; defaults as in Keras 3. */
export interface ConvLSTMCellOptions extends Omit<CellOptions, "units"> {
  /** F, the number of channels of h and c. */
  readonly filters: number;
  /** Size of the window over x; one number for all axes, or one for each. */
  readonly kernelSize: PerAxis;
  /** Size of the window over h. Default `kernelSize`. */
  readonly recurrentKernelSize?: PerAxis;
  /** Of the windows over x; those over h lie side by side, with zeros around. Default 1. */
  readonly strides?: PerAxis;
  /** Of the windows over x. Default "valid". */
  readonly padding?: "valid" | "same";
  /** Of the windows over x; not together with strides above 1. Default 1. */
  readonly dilationRate?: PerAxis;
  /** Of the gates. Default "sigmoid". */
  readonly recurrentActivation?: ActivationSpec;
  /** The bias of the forget gate starts at exactly 1. Default true. */
  readonly unitForgetBias?: boolean;
  /** Let the gates see c, with a weight for each channel, or for each channel at each place. Default null: they do not. */
  readonly peepholes?: "perChannel" | "perElement" | null;
}

const { units: _units, ...convolved } = cellNames;
/** The names of `ConvLSTMCellOptions`. */
export const convLstmCellNames: NamesOf<ConvLSTMCellOptions> = {
  ...convolved,
  filters: true,
  kernelSize: true,
  recurrentKernelSize: true,
  strides: true,
  padding: true,
  dilationRate: true,
  recurrentActivation: true,
  unitForgetBias: true,
  peepholes: true,
};

/**
 * One step of the convolutional LSTM [Shi et al. 2015, arXiv:1506.04214]: an LSTM whose products are convolutions (∗), with the
 * diagonal peepholes V of the paper if asked for.
 *
 *     i = σ(W_i ∗ x + R_i ∗ h + V_i ⊙ c + b_i)      c' = f ⊙ c + i ⊙ tanh(W_g ∗ x + R_g ∗ h + b_g)
 *     f = σ(W_f ∗ x + R_f ∗ h + V_f ⊙ c + b_f)      h' = o ⊙ tanh(c')
 *     o = σ(W_o ∗ x + R_o ∗ h + V_o ⊙ c' + b_o)
 *
 * Shapes: x [B, …D, I], h and c [B, …grid, F]; W = kernel [...kernelSize, I, 4F], R = recurrentKernel [...recurrentKernelSize, F, 4F],
 * b = bias [4F], blocks i f g o; V = peepholes [3F] or [...grid, 3F], blocks i f o.
 */
export abstract class ConvLSTMCell extends GridCell<ConvLSTMCellOptions> {
  readonly settings: CellSettings;
  private readonly windows: ConvolutionWindows;
  private readonly recurrentSize: readonly number[];
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;
  peepholes: Parameter | null = null;

  constructor(options: ConvLSTMCellOptions, rank: number) {
    super(options, `convLstm${rank}dCell`, rank, options.filters);
    const type = `ConvLSTM${rank}D`;
    checkCount(options.filters, type, "filters");
    this.settings = cellSettings({ ...options, units: options.filters, recurrentActivation: "sigmoid" }, type);
    checkActivationSpec(options.recurrentActivation ?? "sigmoid", type, "recurrentActivation");
    checkChoice(options.padding ?? "valid", ["valid", "same"], type, "padding");
    if (options.peepholes) checkChoice(options.peepholes, ["perChannel", "perElement"], type, "peepholes");
    this.windows = convolutionWindows(options, rank, type);
    this.recurrentSize = perAxis(options.recurrentKernelSize ?? options.kernelSize, rank, type, "recurrentKernelSize");
  }

  protected override gridAfter(grid: Shape): Shape {
    return windowCounts(grid, this.windows.kernelSize, this.windows) as Shape;
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { useBias, kernel, recurrentKernel, bias } = this.settings;
    const { filters, unitForgetBias = true, peepholes } = this.options;
    this.kernel = this.addParameter("kernel", [...this.windows.kernelSize, x.at(-1) as number, 4 * filters], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [...this.recurrentSize, filters, 4 * filters], recurrentKernel);
    if (peepholes) {
      const places = peepholes === "perElement" ? this.stateShapes.cellState.slice(0, -1) : [];
      this.peepholes = this.addParameter("peepholes", [...places, 3 * filters], { initializer: "zeros" });
    }
    if (!useBias) return;
    const adjust = (initial: Float64Array): void => {
      if (unitForgetBias) initial.fill(1, filters, 2 * filters);
    };
    this.bias = this.addParameter("bias", [4 * filters], { ...bias, adjust });
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGridDropout(x, context, this.settings.dropout, this.settings.recurrentDropout);
  }

  /** W ∗ x + b, of one step or of many along the first axis: [N, …D, I] → [N, …grid, 4F]. */
  project(x: Tensor): Tensor {
    return convolution(x, this.kernel.tensor, this.bias?.tensor ?? null, this.windows);
  }

  /** The step after `project`: z [B, …grid, 4F]. */
  advance(z: Tensor, { hiddenState: h, cellState: c }: LSTMState, masks: readonly Tensor[] = []): LSTMState {
    const { activation } = this.settings;
    const gate = (block: Tensor): Tensor => activateBy(this.options.recurrentActivation ?? "sigmoid", block);
    const [zi, zf, zg, zo] = split(add(z, this.fromHidden(h, masks)), 4) as [Tensor, Tensor, Tensor, Tensor];
    const [vi, vf, vo] = this.peepholes ? split(this.peepholes.tensor, 3) : [];
    const peep = (block: Tensor, weight: Tensor | undefined, cell: Tensor): Tensor =>
      weight ? add(block, multiply(cell, weight)) : block;
    const [i, f, g] = [gate(peep(zi, vi, c)), gate(peep(zf, vf, c)), activate(activation, zg)];
    const cellState = add(multiply(f, c), multiply(i, g));
    const o = gate(peep(zo, vo, cellState));
    reportGates(() => ({ inputGate: i, forgetGate: f, cellCandidate: g, outputGate: o }));
    return { hiddenState: multiply(o, activate(activation, cellState)), cellState };
  }

  /** R ∗ h; with masks, the block of gate k reads h ⊙ mask_k. */
  private fromHidden(h: Tensor, masks: readonly Tensor[]): Tensor {
    const R = this.recurrentKernel.tensor;
    if (masks.length === 0) return convolution(h, R, null, { padding: "same" });
    const blocks = split(R, masks.length);
    return concat(blocks.map((block, k) => convolution(dropped(h, masks[k]), block, null, { padding: "same" })));
  }

  step(x: Tensor, state: LSTMState, dropout: StepDropout = noDropout): LSTMState {
    return this.advance(this.project(dropped(x, dropout.input)), state, dropout.recurrent);
  }
}

/** One step of the convolutional LSTM over sequences of vectors along one axis. Equations: see `ConvLSTMCell`. */
export class ConvLSTM1DCell extends ConvLSTMCell {
  readonly type: string = "ConvLSTM1DCell";

  constructor(options: ConvLSTMCellOptions) {
    super(options, 1);
  }
}

/** One step of the convolutional LSTM over images. Equations: see `ConvLSTMCell`. */
export class ConvLSTM2DCell extends ConvLSTMCell {
  readonly type: string = "ConvLSTM2DCell";

  constructor(options: ConvLSTMCellOptions) {
    super(options, 2);
  }
}

/** One step of the convolutional LSTM over volumes. Equations: see `ConvLSTMCell`. */
export class ConvLSTM3DCell extends ConvLSTMCell {
  readonly type: string = "ConvLSTM3DCell";

  constructor(options: ConvLSTMCellOptions) {
    super(options, 3);
  }
}

/** One ConvLSTM step over [B, width, I]. @example rnn(convLstm1dCell({ filters: 8, kernelSize: 3, padding: "same" })) */
export function convLstm1dCell(options: ConvLSTMCellOptions): ConvLSTM1DCell {
  return new ConvLSTM1DCell(knownOptions("ConvLSTM1DCell", options, convLstmCellNames));
}

/** One ConvLSTM step over [B, h, w, I]. @example rnn([convLstm2dCell({ filters: 8, kernelSize: 3 }), convLstm2dCell({ filters: 8, kernelSize: 3 })]) */
export function convLstm2dCell(options: ConvLSTMCellOptions): ConvLSTM2DCell {
  return new ConvLSTM2DCell(knownOptions("ConvLSTM2DCell", options, convLstmCellNames));
}

/** One ConvLSTM step over [B, d, h, w, I]. @example rnn(convLstm3dCell({ filters: 8, kernelSize: 3, padding: "same" })) */
export function convLstm3dCell(options: ConvLSTMCellOptions): ConvLSTM3DCell {
  return new ConvLSTM3DCell(knownOptions("ConvLSTM3DCell", options, convLstmCellNames));
}
