import { activate, add, multiply, subtract } from "../../autograd/ops/elementwise.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { split } from "../../autograd/ops/shape.ts";
import { ValueError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { Cell, dropped, type HiddenState, noDropout, type StepDropout } from "./cell.ts";
import { type CellSettings, cellSettings, type GatedCellOptions, gatedCellNames } from "./cell-options.ts";
import { reportGates } from "./gates.ts";

/** Options of `mguCell`. */
export interface MGUCellOptions extends GatedCellOptions {
  /** "paper": the equations of 2016. "flax": the reset after the product, and f keeps what it let in. Default "paper". */
  readonly form?: "paper" | "flax";
  /** The bias of f starts at exactly 1, as in both sources. Default true. */
  readonly unitForgetBias?: boolean;
}

const mguCellNames: NamesOf<MGUCellOptions> = { ...gatedCellNames, form: true, unitForgetBias: true };

/**
 * One step of the minimal gated unit [Zhou et al. 2016, arXiv:1603.09420]: one gate does what z and r do in a GRU.
 *
 *     f = σ(W_f x + R_f h + b_f)
 *     ĥ = tanh(W_h x + R_h (f ⊙ h) + b_h)                        h' = (1 − f) ⊙ h + f ⊙ ĥ      "paper"
 *     ĥ = tanh(W_h x + f ⊙ (R_h h + recurrentBias) + b_h)        h' = f ⊙ h + (1 − f) ⊙ ĥ      "flax"
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, 2H], b = bias [2H], blocks f h; R_f = recurrentKernel [H, H], R_h = candidateKernel
 * [H, H]; recurrentBias [H] in the form "flax". `recurrentActivation` stands for σ, `activation` for tanh.
 */
export class MGUCell extends Cell<MGUCellOptions, HiddenState> {
  readonly type: string = "MGUCell";
  readonly stateShapes: Readonly<Record<keyof HiddenState, Shape>>;
  readonly settings: CellSettings;
  readonly form: "paper" | "flax";
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  candidateKernel!: Parameter;
  bias: Parameter | null = null;
  recurrentBias: Parameter | null = null;

  constructor(options: MGUCellOptions) {
    super(options, "mguCell");
    this.settings = cellSettings(options, "MGU");
    this.stateShapes = { hiddenState: [options.units] };
    this.form = options.form ?? "paper";
    if (this.form !== "paper" && this.form !== "flax") {
      throw new ValueError(`Cannot make MGU with form "${String(options.form)}": it is "paper" or "flax".`);
    }
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), 2 * units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [units, units], recurrentKernel);
    this.candidateKernel = this.addParameter("candidateKernel", [units, units], recurrentKernel);
    if (!useBias) return;
    const { unitForgetBias = true } = this.options;
    const adjust = (initial: Float64Array): void => {
      if (unitForgetBias) initial.fill(1, 0, units);
    };
    this.bias = this.addParameter("bias", [2 * units], { ...bias, adjust });
    if (this.form === "flax") this.recurrentBias = this.addParameter("recurrentBias", [units], bias);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 2);
  }

  step(x: Tensor, { hiddenState: h }: HiddenState, { input, recurrent }: StepDropout = noDropout): HiddenState {
    const { activation, recurrentActivation } = this.settings;
    const fromInput = linear(dropped(x, input), this.kernel.tensor, this.bias?.tensor ?? null);
    const [xf, xh] = split(fromInput, 2) as [Tensor, Tensor];
    const f = activate(recurrentActivation, add(xf, matmul(dropped(h, recurrent[0]), this.recurrentKernel.tensor)));
    const seen = dropped(h, recurrent[1]);
    if (this.form === "paper") {
      const candidate = activate(activation, add(xh, matmul(multiply(f, seen), this.candidateKernel.tensor)));
      reportGates(() => ({ forgetGate: f, hiddenCandidate: candidate }));
      return { hiddenState: add(multiply(subtract(1, f), h), multiply(f, candidate)) };
    }
    const fromState = linear(seen, this.candidateKernel.tensor, this.recurrentBias?.tensor ?? null);
    const candidate = activate(activation, add(xh, multiply(f, fromState)));
    reportGates(() => ({ forgetGate: f, hiddenCandidate: candidate }));
    return { hiddenState: add(multiply(f, h), multiply(subtract(1, f), candidate)) };
  }
}

/** Options of `mgu`. */
export interface MGUOptions extends MGUCellOptions, RecurrentOptions {}

const mguNames: NamesOf<MGUOptions> = { ...mguCellNames, ...recurrentNames };

/** The minimal gated unit over a sequence. Equations: see `MGUCell`. */
export class MGU extends RecurrentLayer<MGUOptions, HiddenState> {
  readonly type: string = "MGU";
  readonly cell: MGUCell;

  constructor(options: MGUOptions) {
    super(options, "mgu");
    this.cell = new MGUCell(options);
  }
}

/** One step of the minimal gated unit with weights of its own. @example rnn(mguCell({ units: 32 })) */
export function mguCell(options: MGUCellOptions): MGUCell {
  return new MGUCell(knownOptions("MGUCell", options, mguCellNames));
}

/** A layer of minimal gated units: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example mgu({ units: 32 }) */
export function mgu(options: MGUOptions): MGU {
  return new MGU(knownOptions("MGU", options, mguNames));
}
