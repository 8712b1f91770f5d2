import { add } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { rnnSequence } from "../../autograd/ops/rnn.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import type { SequenceResult } from "../scan.ts";
import {
  type ActivationOptions,
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
import { type CellOptions, type CellSettings, cellNames, cellSettings, fusedActivations } from "./cell-options.ts";

/** Options of `simpleRnnCell`. */
export interface SimpleRNNCellOptions extends Omit<CellOptions, "activation">, ActivationOptions {}

/** The names of `SimpleRNNCellOptions`. */
export const simpleRnnCellNames: NamesOf<SimpleRNNCellOptions> = { ...cellNames, ...shapedActivationNames };

/**
 * One step of the simple recurrent network [Elman 1990, doi:10.1207/s15516709cog1402_1].
 *
 *     h' = tanh(W x + R h + b)
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, H], R = recurrentKernel [H, H], b = bias [H]. `activation` stands for tanh;
 * `gateClip` clamps what it reads.
 */
export class SimpleRNNCell extends Cell<SimpleRNNCellOptions, HiddenState> {
  readonly type: string = "SimpleRNNCell";
  readonly stateShapes: Readonly<Record<keyof HiddenState, Shape>>;
  readonly settings: Omit<CellSettings, "activation" | "recurrentActivation">;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: SimpleRNNCellOptions) {
    super(options, "simpleRnnCell");
    const { activation, ...rest } = options;
    this.settings = cellSettings(rest, "SimpleRNN");
    checkActivationSpec(activation ?? "tanh", "SimpleRNN", "activation");
    checkGateClip(options.gateClip ?? null, "SimpleRNN");
    this.stateShapes = { hiddenState: [options.units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [units, units], recurrentKernel);
    if (useBias) this.bias = this.addParameter("bias", [units], bias);
  }

  override get fusedStep(): FusedStep | null {
    return this.constructor === SimpleRNNCell ? "simpleRnn" : null;
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 1);
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
    const [kernel, recurrentKernel] = [this.kernel.tensor, this.recurrentKernel.tensor];
    const [output, last] = rnnSequence(x, kernel, recurrentKernel, this.bias?.tensor ?? null, hiddenState, mask, {
      ...activations,
      goBackwards,
      returnSequences,
    });
    return { output, state: { hiddenState: last } };
  }

  step(x: Tensor, { hiddenState: h }: HiddenState, dropout: StepDropout = noDropout): HiddenState {
    const fromInput = linear(dropped(x, dropout.input), this.kernel.tensor, this.bias?.tensor ?? null);
    const z = add(fromInput, recurrentProduct(h, this.recurrentKernel.tensor, dropout.recurrent));
    const { activation = "tanh", gateClip = null } = this.options;
    return { hiddenState: activateBy(activation, limited(z, gateClip)) };
  }
}

/**
 * One simple-RNN step with weights of its own.
 * @example rnn(simpleRnnCell({ units: 32 }))
 */
export function simpleRnnCell(options: SimpleRNNCellOptions): SimpleRNNCell {
  return new SimpleRNNCell(knownOptions("SimpleRNNCell", options, simpleRnnCellNames));
}
