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

/** Options of `mutCell`. */
export interface MUTCellOptions extends GatedCellOptions {
  /** Which of the three cells. Default 1. */
  readonly variant?: 1 | 2 | 3;
}

const mutCellNames: NamesOf<MUTCellOptions> = { ...gatedCellNames, variant: true };

/** Blocks of the kernel: what W x gives to. */
const blocksOf = { 1: ["z", "r"], 2: ["z", "h"], 3: ["z", "r", "h"] } as const;

/**
 * One step of a cell that an architecture search found [Jozefowicz, Zaremba & Sutskever 2015, "An empirical exploration of
 * recurrent network architectures"]: h' = z ⊙ ĥ + (1 − z) ⊙ h with
 *
 *     MUT1   z = σ(W_z x + b_z)                   r = σ(W_r x + R_r h + b_r)     ĥ = tanh(R_h (r ⊙ h) + tanh(x̂) + b_h)
 *     MUT2   z = σ(W_z x + R_z h + b_z)           r = σ(x̂ + R_r h + b_r)         ĥ = tanh(R_h (r ⊙ h) + W_h x + b_h)
 *     MUT3   z = σ(W_z x + R_z tanh(h) + b_z)     r = σ(W_r x + R_r h + b_r)     ĥ = tanh(R_h (r ⊙ h) + W_h x + b_h)
 *
 * x̂ is x itself where it has H features, as in the paper, and inputKernel x otherwise.
 * Shapes: x [B, I], h [B, H]; W = kernel [I, 2H], blocks z r (1) or z h (2), or [I, 3H], blocks z r h (3); R_r = resetKernel,
 * R_h = candidateKernel, R_z = updateKernel [H, H] (2 and 3); b = bias [3H], blocks z r h; inputKernel [I, H] (1 and 2, I ≠ H).
 * `recurrentActivation` stands for σ, `activation` for tanh.
 */
export class MUTCell extends Cell<MUTCellOptions, HiddenState> {
  readonly type: string = "MUTCell";
  readonly stateShapes: Readonly<Record<keyof HiddenState, Shape>>;
  readonly settings: CellSettings;
  readonly variant: 1 | 2 | 3;
  kernel!: Parameter;
  resetKernel!: Parameter;
  candidateKernel!: Parameter;
  updateKernel: Parameter | null = null;
  inputKernel: Parameter | null = null;
  bias: Parameter | null = null;

  constructor(options: MUTCellOptions) {
    super(options, "mutCell");
    this.settings = cellSettings(options, "MUT");
    this.stateShapes = { hiddenState: [options.units] };
    this.variant = options.variant ?? 1;
    if (!Object.hasOwn(blocksOf, this.variant)) {
      throw new ValueError(`Cannot make MUT with variant ${String(options.variant)}: the paper has variants 1, 2 and 3.`);
    }
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const features = this.featuresOf(inputs);
    const square = [units, units];
    this.kernel = this.addParameter("kernel", [features, blocksOf[this.variant].length * units], kernel);
    if (this.variant !== 3 && features !== units) this.inputKernel = this.addParameter("inputKernel", [features, units], kernel);
    if (this.variant !== 1) this.updateKernel = this.addParameter("updateKernel", square, recurrentKernel);
    this.resetKernel = this.addParameter("resetKernel", square, recurrentKernel);
    this.candidateKernel = this.addParameter("candidateKernel", square, recurrentKernel);
    if (useBias) this.bias = this.addParameter("bias", [3 * units], bias);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 3);
  }

  step(input: Tensor, { hiddenState: h }: HiddenState, dropout: StepDropout = noDropout): HiddenState {
    const { activation, recurrentActivation } = this.settings;
    const { recurrent } = dropout;
    const x = dropped(input, dropout.input);
    const from = this.inputParts(x, activation);
    const seen = this.variant === 3 ? activate(activation, h) : h;
    const toUpdate = this.updateKernel && matmul(dropped(seen, recurrent[0]), this.updateKernel.tensor);
    const z = activate(recurrentActivation, toUpdate ? add(from.z, toUpdate) : from.z);
    const r = activate(recurrentActivation, add(from.r, matmul(dropped(h, recurrent[1]), this.resetKernel.tensor)));
    const reset = multiply(r, dropped(h, recurrent[2]));
    const candidate = activate(activation, add(from.h, matmul(reset, this.candidateKernel.tensor)));
    reportGates(() => ({ updateGate: z, resetGate: r, hiddenCandidate: candidate }));
    return { hiddenState: add(multiply(z, candidate), multiply(subtract(1, z), h)) };
  }

  /** What x and the bias give to z, r and the candidate. */
  private inputParts(x: Tensor, activation: CellSettings["activation"]): Record<"z" | "r" | "h", Tensor> {
    const blocks = blocksOf[this.variant];
    const products = split(linear(x, this.kernel.tensor), blocks.length);
    const parts: Partial<Record<"z" | "r" | "h", Tensor>> = Object.fromEntries(blocks.map((name, k) => [name, products[k]]));
    const itself = this.inputKernel ? matmul(x, this.inputKernel.tensor) : x;
    const { z = itself, r = itself, h = activate(activation, itself) } = parts;
    if (!this.bias) return { z, r, h };
    const [bz, br, bh] = split(this.bias.tensor, 3) as [Tensor, Tensor, Tensor];
    return { z: add(z, bz), r: add(r, br), h: add(h, bh) };
  }
}

/** Options of `mut`. */
export interface MUTOptions extends MUTCellOptions, RecurrentOptions {}

const mutNames: NamesOf<MUTOptions> = { ...mutCellNames, ...recurrentNames };

/** MUT1, MUT2 or MUT3 over a sequence. Equations: see `MUTCell`. */
export class MUT extends RecurrentLayer<MUTOptions, HiddenState> {
  readonly type: string = "MUT";
  readonly cell: MUTCell;

  constructor(options: MUTOptions) {
    super(options, "mut");
    this.cell = new MUTCell(options);
  }
}

/** One step of MUT1, MUT2 or MUT3 with weights of its own. @example rnn(mutCell({ units: 32, variant: 2 })) */
export function mutCell(options: MUTCellOptions): MUTCell {
  return new MUTCell(knownOptions("MUTCell", options, mutCellNames));
}

/** A layer of MUT1, MUT2 or MUT3: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example mut({ units: 32, variant: 3 }) */
export function mut(options: MUTOptions): MUT {
  return new MUT(knownOptions("MUT", options, mutNames));
}
