import { add, multiply, subtract } from "../../autograd/ops/elementwise.ts";
import { gruSequence } from "../../autograd/ops/gru.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { slice, split } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import type { SequenceResult } from "../scan.ts";
import {
  type ActivationOptions,
  type ActivationSpec,
  activateBy,
  checkActivationSpec,
  checkGateClip,
  limited,
  shapedActivationNames,
} from "./activation-spec.ts";
import {
  Cell,
  dropped,
  type FusedStep,
  type HiddenState,
  noDropout,
  recurrentProduct,
  type SequenceOrder,
  type StepDropout,
} from "./cell.ts";
import { type CellSettings, cellNames, cellSettings, fusedActivations, type GatedCellOptions } from "./cell-options.ts";
import { reportGates } from "./gates.ts";

/** Options of `gruCell`. */
export interface GRUCellOptions extends Omit<GatedCellOptions, "activation" | "recurrentActivation">, ActivationOptions {
  /** Of the gates: by name, or with alpha and beta. Default "sigmoid". */
  readonly recurrentActivation?: ActivationSpec;
  /** r scales the product R h (true: PyTorch, cuDNN, Keras) or h itself (false: the 2014 paper, ONNX's default). Default true. */
  readonly resetAfter?: boolean;
}

/** The names of `GRUCellOptions`. */
export const gruCellNames: NamesOf<GRUCellOptions> = {
  ...cellNames,
  ...shapedActivationNames,
  recurrentActivation: true,
  resetAfter: true,
};

/**
 * One step of the gated recurrent unit [Cho et al. 2014, arXiv:1406.1078].
 *
 *     z = σ(W_z x + R_z h + b_z)      r = σ(W_r x + R_r h + b_r)      h' = z ⊙ h + (1 − z) ⊙ ĥ
 *     ĥ = tanh(W_h x + b_h + r ⊙ (R_h h + recurrentBias_h))           resetAfter
 *     ĥ = tanh(W_h x + b_h + R_h (r ⊙ h))                             otherwise
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, 3H], R = recurrentKernel [H, 3H], b = bias [3H], blocks z r h. With `resetAfter`
 * there is a recurrentBias [3H] too, whose blocks z and r are added beside those of b.
 * `recurrentActivation` stands for σ, `activation` for tanh; `gateClip` clamps what they read.
 */
export class GRUCell extends Cell<GRUCellOptions, HiddenState> {
  readonly type: string = "GRUCell";
  readonly stateShapes: Readonly<Record<keyof HiddenState, Shape>>;
  readonly settings: Omit<CellSettings, "activation" | "recurrentActivation">;
  readonly resetAfter: boolean;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;
  recurrentBias: Parameter | null = null;

  constructor(options: GRUCellOptions) {
    super(options, "gruCell");
    const { activation, recurrentActivation, ...rest } = options;
    this.settings = cellSettings(rest, "GRU");
    checkActivationSpec(activation ?? "tanh", "GRU", "activation");
    checkActivationSpec(recurrentActivation ?? "sigmoid", "GRU", "recurrentActivation");
    checkGateClip(options.gateClip ?? null, "GRU");
    this.stateShapes = { hiddenState: [options.units] };
    this.resetAfter = options.resetAfter ?? true;
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), 3 * units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [units, 3 * units], recurrentKernel);
    if (!useBias) return;
    this.bias = this.addParameter("bias", [3 * units], bias);
    if (this.resetAfter) this.recurrentBias = this.addParameter("recurrentBias", [3 * units], bias);
  }

  override get fusedStep(): FusedStep | null {
    return this.constructor === GRUCell ? "gru" : null;
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 3);
  }

  override sequence(
    x: Tensor,
    { hiddenState }: HiddenState,
    mask: Tensor | null,
    _dropout: StepDropout,
    { goBackwards = false, returnSequences = false }: SequenceOrder,
  ): SequenceResult<HiddenState> | null {
    const activations = fusedActivations(this.options);
    if (!this.fusedStep || !activations) return null;
    const [output, last] = gruSequence(
      x,
      this.kernel.tensor,
      this.recurrentKernel.tensor,
      this.bias?.tensor ?? null,
      this.recurrentBias?.tensor ?? null,
      hiddenState,
      mask,
      { ...activations, goBackwards, returnSequences, resetAfter: this.resetAfter },
    );
    return { output, state: { hiddenState: last } };
  }

  step(x: Tensor, { hiddenState: h }: HiddenState, dropout: StepDropout = noDropout): HiddenState {
    const { activation = "tanh", recurrentActivation = "sigmoid", gateClip = null } = this.options;
    const within = (spec: ActivationSpec, raw: Tensor): Tensor => activateBy(spec, limited(raw, gateClip));
    const fromInput = linear(dropped(x, dropout.input), this.kernel.tensor, this.bias?.tensor ?? null);
    const [xz, xr, xh] = split(fromInput, 3) as [Tensor, Tensor, Tensor];
    const [hz, hr, candidateOf] = this.recurrentPart(h, dropout.recurrent);
    const z = within(recurrentActivation, add(xz, hz));
    const r = within(recurrentActivation, add(xr, hr));
    const candidate = within(activation, add(xh, candidateOf(r)));
    reportGates(() => ({ updateGate: z, resetGate: r, hiddenCandidate: candidate }));
    return { hiddenState: add(multiply(z, h), multiply(subtract(1, z), candidate)) };
  }

  /** What h gives to z, to r and, once r is known, to the candidate. */
  private recurrentPart(h: Tensor, masks: readonly Tensor[]): [Tensor, Tensor, (r: Tensor) => Tensor] {
    const R = this.recurrentKernel.tensor;
    if (this.resetAfter) {
      const product = recurrentProduct(h, R, masks);
      const biased = this.recurrentBias ? add(product, this.recurrentBias.tensor) : product;
      const [hz, hr, hh] = split(biased, 3) as [Tensor, Tensor, Tensor];
      return [hz, hr, (r) => multiply(r, hh)];
    }
    const { units } = this.settings;
    const [hz, hr] = split(recurrentProduct(h, slice(R, 0, 2 * units, { axis: 1 }), masks.slice(0, 2)), 2) as [Tensor, Tensor];
    const candidateKernel = slice(R, 2 * units, 3 * units, { axis: 1 });
    return [hz, hr, (r) => matmul(multiply(r, dropped(h, masks[2])), candidateKernel)];
  }
}

/**
 * One GRU step with weights of its own.
 * @example rnn(gruCell({ units: 32, resetAfter: false }), { returnSequences: true })
 */
export function gruCell(options: GRUCellOptions): GRUCell {
  return new GRUCell(knownOptions("GRUCell", options, gruCellNames));
}
