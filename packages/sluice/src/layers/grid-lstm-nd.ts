import { linear } from "../autograd/ops/matmul.ts";
import { split } from "../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CellOptions, type CellSettings, cellSettings, checkCount } from "./cells/cell-options.ts";
import { blockWeights, type GridVector, type GridWeights, gridBlock } from "./cells/grid-block.ts";
import { gridMask, walkGrid } from "./grid-walk.ts";
import { type CallContext, type CallResult, Layer, oneOutput, type State, type SymbolicShape } from "./layer.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import type { Parameter } from "./parameter.ts";
import { zeroState } from "./state.ts";

/** Options of `gridLstmNd`. */
export interface GridLSTMNDOptions extends Omit<CellOptions, "activation" | "dropout" | "recurrentDropout"> {
  /** n: axes of the grid; depth is one more dimension of the blocks. Default 2, as of an image. */
  readonly dimensions?: number;
  /** Blocks on top of each other at each position. Default 1. */
  readonly depth?: number;
  /** All blocks share their weights: the paper's tied grid LSTM. Default false. */
  readonly tied?: boolean;
  /** The dimension that goes last within a block, and reads what the others give: an axis, 1 … n, or "depth". Default null. */
  readonly priority?: number | "depth" | null;
  /** Which axes are read from their end, one entry for each. Default none. */
  readonly goBackwards?: readonly boolean[];
  /** Give every output [B, …grid, H] in the input's order, or the last one that is used [B, H]. Default true. */
  readonly returnSequences?: boolean;
}

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
 * A mask is as that of `MDLSTM`: a masked position is as one outside the grid.
 * @throws {ShapeError} when the input is not a grid of n axes; {ValueError} for an option outside its rule.
 */
export class GridLSTMND extends Layer<GridLSTMNDOptions> {
  readonly type: string = "GridLSTMND";
  readonly settings: CellSettings;
  private readonly dimensions: number;
  private readonly depth: number;
  /** The position of the priority dimension among those of a block. */
  private readonly last: number | null;
  inputKernel!: Parameter;
  private levels: readonly GridWeights[] = [];

  constructor(options: GridLSTMNDOptions) {
    super(options, "gridLstmNd");
    const { dimensions = 2, depth = 1, priority = null, goBackwards } = options;
    this.settings = cellSettings(options, "GridLSTMND");
    checkCount(dimensions, "GridLSTMND", "dimensions");
    checkCount(depth, "GridLSTMND", "depth");
    if (goBackwards && goBackwards.length !== dimensions) {
      throw new ValueError(
        `Cannot make GridLSTMND with ${goBackwards.length} directions for ${dimensions} axes: give one for each.`,
      );
    }
    const isAxis = typeof priority === "number" && Number.isInteger(priority) && priority >= 1 && priority <= dimensions;
    if (priority !== null && priority !== "depth" && !isAxis) {
      throw new ValueError(
        `Cannot make GridLSTMND with priority ${String(priority)}: it is an axis, 1 to ${dimensions}, or "depth".`,
      );
    }
    this.dimensions = dimensions;
    this.depth = depth;
    this.last = priority === "depth" ? dimensions : priority === null ? null : priority - 1;
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const features = x.at(-1);
    const built = this.inputShapes[0]?.at(-1);
    if (x.length !== this.dimensions + 2 || typeof features !== "number" || (built !== undefined && built !== features)) {
      throw new ShapeError(
        `Cannot run GridLSTMND "${this.name}" on shape ${showShape(x)}: it reads [batch, ${this.dimensions} axes, ${built ?? "a known number of"} features].`,
      );
    }
    const { returnSequences = true } = this.options;
    return returnSequences ? [...x.slice(0, -1), this.settings.units] : [x[0] ?? null, this.settings.units];
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    const width = (this.dimensions + 1) * units;
    this.inputKernel = this.addParameter("inputKernel", [x.at(-1) as number, 2 * units], kernel);
    this.levels = blockWeights(this.depth, this.options.tied ?? false, (prefix) => ({
      kernel: this.addParameter(`${prefix}/kernel`, [width, 4 * width], recurrentKernel),
      bias: useBias ? this.addParameter(`${prefix}/bias`, [4 * width], bias) : null,
    }));
  }

  call([input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const { goBackwards = [], returnSequences = true } = this.options;
    const { units } = this.settings;
    const x = input as Tensor;
    const mask = masks[0] ? gridMask(this, masks[0], x.shape) : null;
    const names = this.levels.flatMap((_, level) => Array.from({ length: this.dimensions }, (_each, k) => `${level}/${k}`));
    const parts = names.flatMap((name) => [`${name}/h`, `${name}/m`]);
    const output = walkGrid<State>(withoutPadding(x, mask), mask, {
      goBackwards,
      returnSequences,
      none: zeroState(Object.fromEntries(["top", ...parts].map((name) => [name, [units]])), x),
      project: (all) => linear(all, this.inputKernel.tensor),
      step: (projected, before) => this.step(projected, before),
      output: ({ top }) => top as Tensor,
    });
    return oneOutput(output, returnSequences ? masks[0] : null);
  }

  /** One position: "level/axis/h" and "level/axis/m" for its successor along the axis, and what it shows, "top". */
  private step(projected: Tensor, before: readonly State[]): State {
    const [h, m] = split(projected, 2) as [Tensor, Tensor];
    let depth: GridVector = { h, m };
    const left: [string, Tensor][] = [];
    this.levels.forEach((weights, level) => {
      const axes = before.map((state, k): GridVector => {
        return { h: state[`${level}/${k}/h`] as Tensor, m: state[`${level}/${k}/m`] as Tensor };
      });
      const after = gridBlock([...axes, depth], weights, this.last);
      depth = after.at(-1) as GridVector;
      after.slice(0, -1).forEach((vector, k) => {
        left.push([`${level}/${k}/h`, vector.h], [`${level}/${k}/m`, vector.m]);
      });
    });
    return { ...Object.fromEntries(left), top: depth.h };
  }
}

/** A grid LSTM over a grid and depth: [B, height, width, I] → [B, height, width, H]. @example gridLstmNd({ units: 16, depth: 2, tied: true }) */
export function gridLstmNd(options: GridLSTMNDOptions): GridLSTMND {
  return new GridLSTMND(options);
}
