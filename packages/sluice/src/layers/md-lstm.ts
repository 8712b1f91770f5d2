import { activate, add, multiply } from "../autograd/ops/elementwise.ts";
import { linear, matmul } from "../autograd/ops/matmul.ts";
import { concat, reshape, reverse, split, stack } from "../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { showShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CellSettings, cellSettings, checkCount, type GatedCellOptions } from "./cells/cell-options.ts";
import { reportGates } from "./cells/gates.ts";
import { type CallContext, type CallResult, Layer, oneOutput, type SymbolicShape } from "./layer.ts";
import type { Parameter } from "./parameter.ts";
import { unstackTime } from "./scan.ts";
import { zeroState } from "./state.ts";

/** What a position of the grid hands on: h and c, each [B, H]. */
type MDLSTMState = { readonly hiddenState: Tensor; readonly cellState: Tensor };

/** Options of `mdLstm`. */
export interface MDLSTMOptions extends Omit<GatedCellOptions, "dropout" | "recurrentDropout"> {
  /** n: axes of the grid. Default 2, as of an image. */
  readonly dimensions?: number;
  /** Which axes are read from their end, one entry for each. Default none. All 2ⁿ choices side by side see every position from all sides. */
  readonly goBackwards?: readonly boolean[];
  /** Give every output [B, …grid, H] in the input's order, or the last one [B, H]. Default true. */
  readonly returnSequences?: boolean;
  /** The biases of the forget gates start at exactly 1. Default true. */
  readonly unitForgetBias?: boolean;
}

/**
 * Multi-dimensional LSTM [Graves, Fernández & Schmidhuber 2007, arXiv:0705.2011], without peepholes: a position reads its predecessor
 * along each axis k of a grid, and forgets each of them by a gate of its own.
 *
 *     i, g, o, f_1 … f_n = W x + Σ_k R_k h_k + b      c' = Σ_k σ(f_k) ⊙ c_k + σ(i) ⊙ tanh(g)      h' = σ(o) ⊙ tanh(c')
 *
 * Shapes: x [B, D_1, …, D_n, I]; W = kernel [I, (3 + n)H], R = recurrentKernel [n · H, (3 + n)H], rows of axis 1 first, b = bias
 * [(3 + n)H], blocks i f_1 … f_n g o: with n = 1 this is the LSTM, weight for weight.
 * `recurrentActivation` stands for σ, `activation` for tanh. It takes no mask: a grid has no padding.
 * @throws {ShapeError} when the input is not a grid of n axes.
 */
export class MDLSTM extends Layer<MDLSTMOptions> {
  readonly type: string = "MDLSTM";
  readonly settings: CellSettings;
  private readonly dimensions: number;
  kernel!: Parameter;
  recurrentKernel!: Parameter;
  bias: Parameter | null = null;

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
    if (!useBias) return;
    const { unitForgetBias = true } = this.options;
    const adjust = (initial: Float64Array): void => {
      if (unitForgetBias) initial.fill(1, units, (1 + n) * units);
    };
    this.bias = this.addParameter("bias", [width], { ...bias, adjust });
  }

  call(inputs: readonly Tensor[], _context: CallContext): CallResult {
    return this.callBy((step) => step(), inputs);
  }

  /** `call`, with the step of every position run by `at`: `place` is its number in the input's grid, row by row. For inspection. */
  callBy(at: (step: () => MDLSTMState, place: number) => MDLSTMState, [input]: readonly Tensor[]): CallResult {
    const { goBackwards = [], returnSequences = true } = this.options;
    const { units } = this.settings;
    const turned = (x: Tensor): Tensor => goBackwards.reduce((y, back, k) => (back ? reverse(y, k + 1) : y), x);
    const x = turned(input as Tensor);
    const [B, ...grid] = x.shape.slice(0, -1) as [number, ...number[]];
    const products = linear(x, this.kernel.tensor, this.bias?.tensor ?? null);
    const steps = unstackTime(reshape(products, [B, sizeOf(grid), -1]));
    const strides = grid.map((_, k) => sizeOf(grid.slice(k + 1)));
    const none = zeroState<MDLSTMState>({ hiddenState: [units], cellState: [units] }, x);
    const states: MDLSTMState[] = [];
    steps.forEach((fromInput, p) => {
      const positions = strides.map((stride, k) => Math.floor(p / stride) % (grid[k] as number));
      const before = strides.map((stride, k) => ((positions[k] as number) > 0 ? (states[p - stride] as MDLSTMState) : none));
      const place = strides.reduce((sum, stride, k) => {
        const position = positions[k] as number;
        return sum + stride * (goBackwards[k] ? (grid[k] as number) - 1 - position : position);
      }, 0);
      states.push(at(() => this.step(fromInput, before), place));
    });
    if (!returnSequences) return oneOutput((states.at(-1) ?? none).hiddenState);
    return oneOutput(
      turned(
        reshape(
          stack(
            states.map(({ hiddenState }) => hiddenState),
            { axis: 1 },
          ),
          [B, ...grid, units],
        ),
      ),
    );
  }

  /** One position, from W x + b and the states before it, one for each axis. */
  private step(fromInput: Tensor, before: readonly MDLSTMState[]): MDLSTMState {
    const { activation, recurrentActivation } = this.settings;
    const raw = add(fromInput, matmul(concat(before.map(({ hiddenState }) => hiddenState)), this.recurrentKernel.tensor));
    const blocks = split(raw, 3 + this.dimensions);
    const gate = (k: number): Tensor => activate(recurrentActivation, blocks[k] as Tensor);
    const n = this.dimensions;
    const [i, f, o] = [gate(0), before.map((_, k) => gate(1 + k)), gate(2 + n)];
    const g = activate(activation, blocks[1 + n] as Tensor);
    reportGates(() => ({
      inputGate: i,
      ...Object.fromEntries(f.map((each, k) => [`${k + 1}/forgetGate`, each])),
      cellCandidate: g,
      outputGate: o,
    }));
    const c = before.reduce((sum, { cellState }, k) => add(sum, multiply(f[k] as Tensor, cellState)), multiply(i, g));
    return { hiddenState: multiply(o, activate(activation, c)), cellState: c };
  }
}

/** An LSTM over a grid: [B, height, width, I] → [B, height, width, H]. @example mdLstm({ units: 16, goBackwards: [true, false] }) */
export function mdLstm(options: MDLSTMOptions): MDLSTM {
  return new MDLSTM(options);
}
