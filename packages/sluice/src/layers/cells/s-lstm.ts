import {
  activate,
  add,
  divide,
  equal,
  exp,
  logSigmoid,
  maximum,
  multiply,
  sigmoid,
  subtract,
  where,
} from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { split } from "../../autograd/ops/shape.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { ValueError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import { full, type Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { Cell, dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings } from "./cell-options.ts";
import { reportGates } from "./gates.ts";
import { type BiasRange, checkHeads, fillRange, headwiseProduct } from "./heads.ts";

/** What an sLSTM carries: h, c, its normalizer n and the logarithm m by which c and n are scaled down, each [B, H]. */
export type SLSTMState = {
  readonly hiddenState: Tensor;
  readonly cellState: Tensor;
  readonly normalizer: Tensor;
  readonly stabilizer: Tensor;
};

/** `recurrentInitializer` is "zeros" by default, as the authors start. */
export interface SLSTMCellOptions extends CellOptions {
  /** Groups of units that read each other's past; units of different heads do not. Default 1. */
  readonly heads?: number;
  /** The paper allows both. Default "sigmoid". */
  readonly forgetGate?: "sigmoid" | "exponential";
  /** Where the biases of the forget gate start, from the first unit to the last. Default [3, 6]. */
  readonly forgetBias?: BiasRange;
}

const sLstmCellNames: NamesOf<SLSTMCellOptions> = { ...cellNames, heads: true, forgetGate: true, forgetBias: true };

const NOTHING = -1e30; // the logarithm of a weight of 0, finite so that differences stay numbers
const LEAST_NORMALIZER = 0.5; // n ≥ 1 after every step from zeros: only a state made by hand can be below

/**
 * One step of sLSTM [Beck et al. 2024, "xLSTM", arXiv:2405.04517]: an LSTM with an exponential input gate. c is divided by n, the
 * sum of what the gates let in, and both are kept scaled by exp(−m), so that no exponential overflows.
 *
 *     ĩ, f̃, z̃, õ = W x + R h + b             log f = log σ(f̃), or f̃ itself
 *     m' = max(ĩ, m + log f)                  i = exp(ĩ − m')      f = exp(m + log f − m')
 *     c' = f ⊙ c + i ⊙ tanh(z̃)                n' = f ⊙ n + i       h' = σ(õ) ⊙ c' / n'
 *
 * Where n is 0 nothing has been stored yet, and m' = ĩ. Shapes: x [B, I], state [B, H]; W = kernel [I, 4H], b = bias [4H],
 * blocks i f z o; R = recurrentKernel [heads, d, 4d] with d = H / heads, one block-diagonal part a head. `activation` stands for tanh.
 */
export class SLSTMCell extends Cell<SLSTMCellOptions, SLSTMState> {
  readonly type: string = "SLSTMCell";
  readonly stateShapes: Readonly<Record<keyof SLSTMState, Shape>>;
  readonly settings: CellSettings;
  readonly heads: number;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: SLSTMCellOptions) {
    super(options, "sLstmCell");
    this.settings = cellSettings({ recurrentInitializer: "zeros", ...options }, "SLSTM");
    const { units, heads = 1, forgetGate = "sigmoid" } = options;
    checkHeads(heads, units, "SLSTM");
    if (forgetGate !== "sigmoid" && forgetGate !== "exponential") {
      throw new ValueError(`Cannot make SLSTM with forgetGate "${String(forgetGate)}": it is "sigmoid" or "exponential".`);
    }
    this.heads = heads;
    this.stateShapes = { hiddenState: [units], cellState: [units], normalizer: [units], stabilizer: [units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const d = units / this.heads;
    this.kernel = this.addParameter("kernel", [this.featuresOf(inputs), 4 * units], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [this.heads, d, 4 * d], recurrentKernel);
    if (!useBias) return;
    const { forgetBias = [3, 6] } = this.options;
    const adjust = (initial: Float64Array): void => fillRange(initial, units, 2 * units, forgetBias);
    this.bias = this.addParameter("bias", [4 * units], { ...bias, adjust });
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 4);
  }

  step(x: Tensor, state: SLSTMState, dropout: StepDropout = noDropout): SLSTMState {
    const fromInput = linear(dropped(x, dropout.input), this.kernel.tensor, this.bias?.tensor ?? null);
    const raw = add(fromInput, headwiseProduct(state.hiddenState, this.recurrentKernel.tensor, dropout.recurrent));
    return sLstmStep(raw, state, this.options.forgetGate, this.settings.activation);
  }
}

/** The step from its raw blocks i f z o [B, 4H], what x and h give together. */
export function sLstmStep(
  raw: Tensor,
  { cellState: c, normalizer: n, stabilizer: m }: SLSTMState,
  forgetGate: "sigmoid" | "exponential" = "sigmoid",
  activation: ActivationName = "tanh",
): SLSTMState {
  const [logI, rawF, z, o] = split(raw, 4) as [Tensor, Tensor, Tensor, Tensor];
  const logF = forgetGate === "exponential" ? rawF : logSigmoid(rawF);
  const past = where(equal(n, 0), full(m.shape, NOTHING, { backend: m.backend }), add(m, logF));
  const stabilizer = maximum(logI, past);
  const [i, f] = [exp(subtract(logI, stabilizer)), exp(subtract(past, stabilizer))];
  const [candidate, open] = [activate(activation, z), sigmoid(o)];
  reportGates(() => ({ inputGate: i, forgetGate: f, cellCandidate: candidate, outputGate: open }));
  const cellState = add(multiply(f, c), multiply(i, candidate));
  const normalizer = add(multiply(f, n), i);
  const hiddenState = multiply(open, divide(cellState, maximum(normalizer, LEAST_NORMALIZER)));
  return { hiddenState, cellState, normalizer, stabilizer };
}

/** Options of `sLstm`. */
export interface SLSTMOptions extends SLSTMCellOptions, RecurrentOptions {}

const sLstmNames: NamesOf<SLSTMOptions> = { ...sLstmCellNames, ...recurrentNames };

/** sLSTM over a sequence, step by step: its gates read h. Equations: see `SLSTMCell`. */
export class SLSTM extends RecurrentLayer<SLSTMOptions, SLSTMState> {
  readonly type: string = "SLSTM";
  readonly cell: SLSTMCell;

  constructor(options: SLSTMOptions) {
    super(options, "sLstm");
    this.cell = new SLSTMCell(options);
  }
}

/** One sLSTM step with weights of its own. @example rnn(sLstmCell({ units: 32, heads: 4 })) */
export function sLstmCell(options: SLSTMCellOptions): SLSTMCell {
  return new SLSTMCell(knownOptions("SLSTMCell", options, sLstmCellNames));
}

/** An sLSTM layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example sLstm({ units: 32, heads: 4 }) */
export function sLstm(options: SLSTMOptions): SLSTM {
  return new SLSTM(knownOptions("SLSTM", options, sLstmNames));
}
