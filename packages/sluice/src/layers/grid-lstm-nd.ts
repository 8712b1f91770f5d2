import { linear } from "../autograd/ops/matmul.ts";
import { split } from "../autograd/ops/shape.ts";
import { ValueError } from "../errors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings, checkCount } from "./cells/cell-options.ts";
import { gatesWithin } from "./cells/gates.ts";
import { blockWeights, type GridVector, type GridWeights, gridBlock } from "./cells/grid-block.ts";
import { GridLayer, type GridOptions, gridNames } from "./grid-layer.ts";
import type { GridWalk } from "./grid-walk.ts";
import type { State, SymbolicShape } from "./layer.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";
import { zeroState } from "./state.ts";

/** What a position hands on: what it shows, and "level/axis/hidden" and "level/axis/memory" for its successor along each axis, each [B, H]. */
type GridLSTMNDState = State & { readonly hiddenState: Tensor };

/** Options of `gridLstmNd`. */
export interface GridLSTMNDOptions extends Omit<CellOptions, "activation" | "dropout" | "recurrentDropout">, GridOptions {
  /** Blocks on top of each other at each position. Default 1. */
  readonly depth?: number;
  /** All blocks share their weights: the paper's tied grid LSTM. Default false. */
  readonly tied?: boolean;
  /** The dimension that goes last within a block, and reads what the others give: an axis, 1 … n, or "depth". Default null. */
  readonly priority?: number | "depth" | null;
}

const { activation: _activation, dropout: _dropout, recurrentDropout: _recurrentDropout, ...blockNames } = cellNames;
const gridLstmNdNames: NamesOf<GridLSTMNDOptions> = {
  ...blockNames,
  ...gridNames,
  depth: true,
  tied: true,
  priority: true,
};

/**
 * The grid LSTM over a grid of n axes, and depth [Kalchbrenner et al. 2015, arXiv:1507.01526]: memory runs along every axis on its own,
 * unlike in `MDLSTM`, which adds the memories up. At each position `depth` blocks of N = n + 1 dimensions stand on top of each other;
 * along an axis a block reads the one at the predecessor, on the same level, and along depth the one below:
 *
 *     i, f, g, o = W_k [h_1, …, h_n, h_depth] + b_k
 *     m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g)      h_k' = σ(o) ⊙ tanh(m_k')        k = 1 … n, depth
 *
 * At the bottom h_depth and m_depth are projections of x; at the top h_depth is what a position shows. With n = 1 it is `GridLSTM`.
 * Shapes: x [B, D_1, …, D_n, I]; inputKernel [I, 2H], blocks h m; level l has l/kernel [NH, 4NH] and l/bias [4NH], for each
 * dimension the blocks i f g o, depth last; with `tied` shared/kernel and shared/bias.
 * Masks: see `GridLayer`.
 * @throws {ShapeError} when the input is not a grid of n axes; {ValueError} for an option outside its rule.
 */
export class GridLSTMND extends GridLayer<GridLSTMNDOptions, GridLSTMNDState> {
  readonly type: string = "GridLSTMND";
  readonly settings: CellSettings;
  /** The names of a block's dimensions, in the order of its weights. */
  private readonly names: readonly string[];
  inputKernel!: Parameter;
  private levels: readonly GridWeights[] = [];

  constructor(options: GridLSTMNDOptions) {
    super(options, "gridLstmNd", "GridLSTMND");
    const { depth = 1, priority = null } = options;
    this.settings = cellSettings(options, "GridLSTMND");
    checkCount(depth, "GridLSTMND", "depth");
    this.names = [...Array.from({ length: this.dimensions }, (_, k) => String(k + 1)), "depth"];
    if (priority !== null && !this.names.includes(String(priority))) {
      throw new ValueError(
        `Cannot make GridLSTMND with priority ${String(priority)}: it is an axis, 1 to ${this.dimensions}, or "depth".`,
      );
    }
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const width = this.names.length * units;
    this.inputKernel = this.addParameter("inputKernel", [x.at(-1) as number, 2 * units], kernel);
    this.levels = blockWeights(this.options.depth ?? 1, this.options.tied ?? false, (prefix) => ({
      kernel: this.addParameter(`${prefix}/kernel`, [width, 4 * width], recurrentKernel),
      bias: useBias ? this.addParameter(`${prefix}/bias`, [4 * width], bias) : null,
    }));
  }

  protected override walkOver(x: Tensor): Omit<GridWalk<GridLSTMNDState>, "goBackwards" | "returnSequences"> {
    const { units } = this.settings;
    const axes = this.levels.flatMap((_, level) => this.names.slice(0, -1).map((name) => `${level}/${name}`));
    const parts = axes.flatMap((axis) => [`${axis}/hidden`, `${axis}/memory`]);
    const shapes = Object.fromEntries(parts.map((part) => [part, [units]]));
    return {
      none: zeroState<GridLSTMNDState>({ hiddenState: [units], ...shapes }, x),
      project: (all) => linear(all, this.inputKernel.tensor),
      step: (projected, before) => this.step(projected, before),
      output: ({ hiddenState }) => hiddenState,
    };
  }

  /** One position, from the projections of x and the states before it, one for each axis. */
  private step(projected: Tensor, before: readonly GridLSTMNDState[]): GridLSTMNDState {
    const { priority = null } = this.options;
    const [h, m] = split(projected, 2) as [Tensor, Tensor];
    let depth: GridVector = { h, m };
    const left: [string, Tensor][] = [];
    this.levels.forEach((weights, level) => {
      const axes = before.map((state, k): [string, GridVector] => {
        const axis = `${level}/${k + 1}`;
        return [String(k + 1), { h: state[`${axis}/hidden`] as Tensor, m: state[`${axis}/memory`] as Tensor }];
      });
      const given = Object.fromEntries([...axes, ["depth", depth]]);
      const after = gatesWithin(level, () => gridBlock(given, weights, priority === null ? null : String(priority)));
      depth = after.depth as GridVector;
      for (const [name] of axes) {
        const { h: hidden, m: memory } = after[name] as GridVector;
        left.push([`${level}/${name}/hidden`, hidden], [`${level}/${name}/memory`, memory]);
      }
    });
    return { ...Object.fromEntries(left), hiddenState: depth.h };
  }
}

/** A grid LSTM over a grid and depth: [B, height, width, I] → [B, height, width, H]. @example gridLstmNd({ units: 16, depth: 2, tied: true }) */
export function gridLstmNd(options: GridLSTMNDOptions): GridLSTMND {
  return new GridLSTMND(knownOptions("GridLSTMND", options, gridLstmNdNames));
}
