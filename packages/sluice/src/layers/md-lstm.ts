import { activate, add, multiply } from "../autograd/ops/elementwise.ts";
import { linear, matmul } from "../autograd/ops/matmul.ts";
import { concat, split } from "../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CellSettings, cellSettings, checkCount, type GatedCellOptions } from "./cells/cell-options.ts";
import { gridMask, walkGrid } from "./grid-walk.ts";
import { type CallContext, type CallResult, Layer, oneOutput, type SymbolicShape } from "./layer.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import type { Parameter } from "./parameter.ts";
import { zeroState } from "./state.ts";

/** Options of `mdLstm`. */
export interface MDLSTMOptions extends Omit<GatedCellOptions, "dropout" | "recurrentDropout"> {
  /** n: axes of the grid. Default 2, as of an image. */
  readonly dimensions?: number;
  /** Which axes are read from their end, one entry for each. Default none. `multiDirectional` runs all 2ⁿ choices. */
  readonly goBackwards?: readonly boolean[];
  /** Give every output [B, …grid, H] in the input's order, or the last one that is used [B, H]. Default true. */
  readonly returnSequences?: boolean;
  /** The biases of the forget gates start at exactly 1. Default true. */
  readonly unitForgetBias?: boolean;
  /** Let the gates see c, with a weight for each unit: i the sum over the axes, f_k the one of its axis, o the new one. Default false. */
  readonly peepholes?: boolean;
}

/** h and c at one position. */
type Place = { readonly h: Tensor; readonly c: Tensor };

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
 * A mask is [B, D_1] or [B, D_1, …, D_n]. A masked position is as one outside the grid: h and c are 0 there, and x may be anything. So
 * an image gives the same numbers wherever in a larger frame it stands.
 * @throws {ShapeError} when the input is not a grid of n axes, or the mask not one of its form.
 */
export class MDLSTM extends Layer<MDLSTMOptions> {
  readonly type: string = "MDLSTM";
  readonly settings: CellSettings;
  readonly dimensions: number;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;
  peepholes: Parameter | null = null;

  constructor(options: MDLSTMOptions) {
    super(options, "mdLstm");
    const { dimensions = 2, goBackwards } = options;
    this.settings = cellSettings(options, "MDLSTM");
    checkCount(dimensions, "MDLSTM", "dimensions");
    if (goBackwards && goBackwards.length !== dimensions) {
      throw new ValueError(`Cannot make MDLSTM with ${goBackwards.length} directions for ${dimensions} axes: give one for each.`);
    }
    this.dimensions = dimensions;
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const features = x.at(-1);
    const built = this.inputShapes[0]?.at(-1);
    if (x.length !== this.dimensions + 2 || typeof features !== "number" || (built !== undefined && built !== features)) {
      throw new ShapeError(
        `Cannot run MDLSTM "${this.name}" on shape ${showShape(x)}: it reads [batch, ${this.dimensions} axes, ${built ?? "a known number of"} features].`,
      );
    }
    const { returnSequences = true } = this.options;
    return returnSequences ? [...x.slice(0, -1), this.settings.units] : [x[0] ?? null, this.settings.units];
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

  call([input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const { goBackwards = [], returnSequences = true } = this.options;
    const { units } = this.settings;
    const given = masks[0] ? gridMask(this, masks[0], (input as Tensor).shape) : null;
    const none = zeroState<Place>({ h: [units], c: [units] }, input as Tensor);
    const output = walkGrid(withoutPadding(input as Tensor, given), given, {
      goBackwards,
      returnSequences,
      none,
      project: (x) => linear(x, this.kernel.tensor, this.bias?.tensor ?? null),
      step: (fromInput, before: readonly Place[]) => this.step(fromInput, before),
      output: ({ h }) => h,
    });
    return oneOutput(output, returnSequences ? masks[0] : null);
  }

  /** One position, from W x + b and the places before it, one for each axis. */
  private step(fromInput: Tensor, before: readonly Place[]): Place {
    const { activation, recurrentActivation } = this.settings;
    const n = this.dimensions;
    const raw = split(add(fromInput, matmul(concat(before.map(({ h }) => h)), this.recurrentKernel.tensor)), 3 + n);
    const weights = this.peepholes ? split(this.peepholes.tensor, 2 + n) : null;
    /** Gate k of i f_1 … f_n o, whose peephole reads c. */
    const gate = (k: number, block: Tensor, c: () => Tensor): Tensor =>
      activate(recurrentActivation, weights ? add(block, multiply(c(), weights[k] as Tensor)) : block);
    const held = before.map(({ c }) => c);
    const [g, o] = raw.slice(-2) as [Tensor, Tensor];
    const i = gate(0, raw[0] as Tensor, () => held.reduce((sum, c) => add(sum, c)));
    const gained = multiply(i, activate(activation, g));
    const c = held.reduce(
      (sum, own, k) =>
        add(
          sum,
          multiply(
            gate(1 + k, raw[1 + k] as Tensor, () => own),
            own,
          ),
        ),
      gained,
    );
    return {
      h: multiply(
        gate(1 + n, o, () => c),
        activate(activation, c),
      ),
      c,
    };
  }
}

/** An LSTM over a grid: [B, height, width, I] → [B, height, width, H]. @example mdLstm({ units: 16, goBackwards: [true, false] }) */
export function mdLstm(options: MDLSTMOptions): MDLSTM {
  return new MDLSTM(options);
}
