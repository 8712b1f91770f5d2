import { activate, add, multiply } from "../autograd/ops/elementwise.ts";
import { linear, matmul } from "../autograd/ops/matmul.ts";
import { concat, split } from "../autograd/ops/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CellSettings, cellSettings, type GatedCellOptions, gatedCellNames } from "./cells/cell-options.ts";
import { reportGates } from "./cells/gates.ts";
import { GridLayer, type GridOptions, gridNames } from "./grid-layer.ts";
import type { GridWalk } from "./grid-walk.ts";
import type { SymbolicShape } from "./layer.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";
import { zeroState } from "./state.ts";

/** What a position of the grid hands on: h and c, each [B, H]. */
type MDLSTMState = { readonly hiddenState: Tensor; readonly cellState: Tensor };

/** Options of `mdLstm`; `multiDirectional` runs all 2ⁿ choices of `goBackwards`. */
export interface MDLSTMOptions extends Omit<GatedCellOptions, "dropout" | "recurrentDropout">, GridOptions {
  /** The biases of the forget gates start at exactly 1. Default true. */
  readonly unitForgetBias?: boolean;
  /** Let the gates see c, with a weight for each unit: i the sum over the axes, f_k the one of its axis, o the new one. Default false. */
  readonly peepholes?: boolean;
}

const { dropout: _dropout, recurrentDropout: _recurrentDropout, ...stepNames } = gatedCellNames;
const mdLstmNames: NamesOf<MDLSTMOptions> = { ...stepNames, ...gridNames, unitForgetBias: true, peepholes: true };

/**
 * Multi-dimensional LSTM [Graves, Fernández & Schmidhuber 2007, arXiv:0705.2011]: a position reads its predecessor along each axis k of
 * a grid, and forgets each of them by a gate of its own.
 *
 *     i = σ(W_i x + Σ_k R_ik h_k + p_i ⊙ Σ_k c_k + b_i)      f_k = σ(W_fk x + Σ_j R_fkj h_j + p_fk ⊙ c_k + b_fk)
 *     c' = Σ_k f_k ⊙ c_k + i ⊙ tanh(W_g x + Σ_k R_gk h_k + b_g)
 *     o = σ(W_o x + Σ_k R_ok h_k + p_o ⊙ c' + b_o)            h' = o ⊙ tanh(c')
 *
 * Shapes: x [B, D_1, …, D_n, I]; W = kernel [I, (3 + n)H], R = recurrentKernel [n · H, (3 + n)H], rows of axis 1 first, b = bias
 * [(3 + n)H], blocks i f_1 … f_n g o: with n = 1 this is the LSTM, weight for weight. With `peepholes` p = peepholes [(2 + n)H], blocks
 * i f_1 … f_n o. `recurrentActivation` stands for σ, `activation` for tanh.
 *
 * Masks: see `GridLayer`.
 * @throws {ShapeError} when the input is not a grid of n axes, or the mask not one of its form.
 */
export class MDLSTM extends GridLayer<MDLSTMOptions, MDLSTMState> {
  readonly type: string = "MDLSTM";
  readonly settings: CellSettings;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;
  peepholes: Parameter | null = null;

  constructor(options: MDLSTMOptions) {
    super(options, "mdLstm", "MDLSTM");
    this.settings = cellSettings(options, "MDLSTM");
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const n = this.dimensions;
    const width = (3 + n) * units;
    this.kernel = this.addParameter("kernel", [x.at(-1) as number, width], kernel);
    this.recurrentKernel = this.addParameter("recurrentKernel", [n * units, width], recurrentKernel);
    if (this.options.peepholes) {
      this.peepholes = this.addParameter("peepholes", [(2 + n) * units], { ...recurrentKernel, initializer: kernel.initializer });
    }
    if (!useBias) return;
    const { unitForgetBias = true } = this.options;
    const adjust = (initial: Float64Array): void => {
      if (unitForgetBias) initial.fill(1, units, (1 + n) * units);
    };
    this.bias = this.addParameter("bias", [width], { ...bias, adjust });
  }

  protected override walkOver(x: Tensor): Omit<GridWalk<MDLSTMState>, "goBackwards" | "returnSequences"> {
    const { units } = this.settings;
    return {
      none: zeroState<MDLSTMState>({ hiddenState: [units], cellState: [units] }, x),
      project: (all) => linear(all, this.kernel.tensor, this.bias?.tensor ?? null),
      step: (fromInput, before) => this.step(fromInput, before),
      output: ({ hiddenState }) => hiddenState,
    };
  }

  /** One position, from W x + b and the states before it, one for each axis. */
  private step(fromInput: Tensor, before: readonly MDLSTMState[]): MDLSTMState {
    const { activation, recurrentActivation } = this.settings;
    const n = this.dimensions;
    const fromStates = matmul(concat(before.map(({ hiddenState }) => hiddenState)), this.recurrentKernel.tensor);
    const blocks = split(add(fromInput, fromStates), 3 + n);
    const weights = this.peepholes ? split(this.peepholes.tensor, 2 + n) : null;
    /** The gate whose peephole, number k of i f_1 … f_n o, reads c. */
    const gate = (k: number, block: Tensor | undefined, c: () => Tensor): Tensor =>
      activate(recurrentActivation, weights ? add(block as Tensor, multiply(c(), weights[k] as Tensor)) : (block as Tensor));
    const held = before.map(({ cellState }) => cellState);
    const i = gate(0, blocks[0], () => held.reduce((sum, c) => add(sum, c)));
    const f = held.map((c, k) => gate(1 + k, blocks[1 + k], () => c));
    const g = activate(activation, blocks[1 + n] as Tensor);
    const cellState = held.reduce((sum, c, k) => add(sum, multiply(f[k] as Tensor, c)), multiply(i, g));
    const o = gate(1 + n, blocks[2 + n], () => cellState);
    reportGates(() => ({
      inputGate: i,
      ...Object.fromEntries(f.map((each, k) => [`${k + 1}/forgetGate`, each])),
      cellCandidate: g,
      outputGate: o,
    }));
    return { hiddenState: multiply(o, activate(activation, cellState)), cellState };
  }
}

/** An LSTM over a grid: [B, height, width, I] → [B, height, width, H]. @example mdLstm({ units: 16, goBackwards: [true, false] }) */
export function mdLstm(options: MDLSTMOptions): MDLSTM {
  return new MDLSTM(knownOptions("MDLSTM", options, mdLstmNames));
}
