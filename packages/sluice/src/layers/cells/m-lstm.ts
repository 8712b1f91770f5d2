import { logSigmoid, multiply, sigmoid, where } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { expandDims, split, squeeze } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import { full, type Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import type { ParallelInput } from "../linear-recurrence.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { spread } from "../scan.ts";
import { Cell, dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellSettings, cellSettings, type InputCellOptions, inputCellNames } from "./cell-options.ts";
import { reportGates } from "./gates.ts";
import { type BiasRange, checkHeads, fillRange } from "./heads.ts";
import { type HeadsState, readHeads } from "./m-lstm-memory.ts";

/** What an mLSTM carries: h [B, H] and, head by head, the matrix C [B, n, d, d], its normalizer [B, n, d] and stabilizer [B, n]. */
export type MLSTMState = {
  readonly hiddenState: Tensor;
  readonly cellState: Tensor;
  readonly normalizer: Tensor;
  readonly stabilizer: Tensor;
};

/** Options of `mLstmCell`. */
export interface MLSTMCellOptions extends InputCellOptions {
  /** Memories side by side, each of d = units / heads rows and columns. Default 1. */
  readonly heads?: number;
  /** Where the biases of the forget gate start, from the first head to the last. Default [3, 6]. */
  readonly forgetBias?: BiasRange;
}

/** The names of `MLSTMCellOptions`. */
export const mLstmCellNames: NamesOf<MLSTMCellOptions> = { ...inputCellNames, heads: true, forgetBias: true };

const NOTHING = -1e30; // the logarithm of a weight of 0, finite so that differences stay numbers

/**
 * One step of mLSTM [Beck et al. 2024, "xLSTM", arXiv:2405.04517]: the cell state is a matrix that stores values under keys; no
 * gate reads h, so that all steps can run at once. For each head, with d = H / heads:
 *
 *     q = W_q x + b_q      k = (W_k x + b_k) / √d      v = W_v x + b_v      o = σ(W_o x + b_o)      ĩ, f̃ = w x + b, one number each
 *     m' = max(ĩ, m + log σ(f̃))      i = exp(ĩ − m')      f = exp(m + log σ(f̃) − m')
 *     C' = f C + i k vᵀ      n' = f n + i k      h' = o ⊙ C'ᵀ q / max(|n'·q|, exp(−m'))
 *
 * Shapes: x [B, I], h [B, H]; W = kernel [I, 4H], b = bias [4H], blocks q k v o; w = gateKernel [I, 2 · heads], its bias gateBias,
 * blocks i f. As the authors start: gateKernel zeros, the input gate's bias N(0, 0.1), the forget gate's from 3 to 6.
 */
export class MLSTMCell extends Cell<MLSTMCellOptions, MLSTMState> {
  readonly type: string = "MLSTMCell";
  readonly stateShapes: Readonly<Record<keyof MLSTMState, Shape>>;
  readonly settings: CellSettings;
  readonly heads: number;
  kernel!: Parameter;
  gateKernel!: Parameter;
  bias: Parameter | null = null;
  gateBias: Parameter | null = null;

  constructor(options: MLSTMCellOptions) {
    super(options, "mLstmCell");
    this.settings = cellSettings(options, "MLSTM");
    const { units, heads = 1 } = options;
    checkHeads(heads, units, "MLSTM");
    const d = units / heads;
    this.heads = heads;
    this.stateShapes = { hiddenState: [units], cellState: [heads, d, d], normalizer: [heads, d], stabilizer: [heads] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, bias } = this.settings;
    const [features, heads] = [this.featuresOf(inputs), this.heads];
    this.kernel = this.addParameter("kernel", [features, 4 * units], kernel);
    this.gateKernel = this.addParameter("gateKernel", [features, 2 * heads], { ...kernel, initializer: "zeros" });
    if (!useBias) return;
    const { forgetBias = [3, 6] } = this.options;
    this.bias = this.addParameter("bias", [4 * units], bias);
    this.gateBias = this.addParameter("gateBias", [2 * heads], {
      ...bias,
      initializer: { type: "randomNormal", std: 0.1 },
      adjust: (initial) => fillRange(initial, heads, 2 * heads, forgetBias),
    });
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 0);
  }

  step(x: Tensor, state: MLSTMState, dropout: StepDropout = noDropout): MLSTMState {
    const sequence = expandDims(dropped(x, dropout.input), 1);
    const { h, memory } = this.read({ x: sequence, uses: null }, state, 1);
    return { hiddenState: squeeze(h, 1), ...memory };
  }

  /** T steps in chunks: what each shows [B, T, H] when it is used, and the memory after them. */
  read({ x, uses }: ParallelInput, state: MLSTMState, chunk: number): { h: Tensor; memory: HeadsState } {
    const [q, k, v, o] = split(linear(x, this.kernel.tensor, this.bias?.tensor ?? null), 4) as [Tensor, Tensor, Tensor, Tensor];
    const [logI, rawF] = split(linear(x, this.gateKernel.tensor, this.gateBias?.tensor ?? null), 2) as [Tensor, Tensor];
    const orHold = (gate: Tensor, masked: number): Tensor =>
      uses ? where(spread(uses, gate.shape), gate, full(gate.shape, masked, { backend: gate.backend })) : gate;
    const input = { q, k, v, logI: orHold(logI, NOTHING), logF: orHold(logSigmoid(rawF), 0) };
    const { h, memory } = readHeads(input, state, chunk);
    const open = sigmoid(o);
    reportGates(() => ({ outputGate: squeeze(open, 1) }));
    return { h: multiply(open, h), memory };
  }
}

/** One mLSTM step with weights of its own. @example rnn(mLstmCell({ units: 32, heads: 4 })) */
export function mLstmCell(options: MLSTMCellOptions): MLSTMCell {
  return new MLSTMCell(knownOptions("MLSTMCell", options, mLstmCellNames));
}
