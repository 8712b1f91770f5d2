import { matmul } from "../../autograd/ops/matmul.ts";
import { concat, expandDims, slice, split, squeeze } from "../../autograd/ops/shape.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "../recurrent-layer.ts";
import { checkChoice } from "../window-options.ts";
import { Cell, dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellOptions, type CellSettings, cellNames, cellSettings, checkCount } from "./cell-options.ts";
import { gatesWithin } from "./gates.ts";
import { blockWeights, type GridWeights, gridBlock } from "./grid-block.ts";

/** What a grid carries through time: the h it shows at the top [B, H], and h and memory m of every block, [B, depth, H]. */
export type GridLSTMState = { readonly hiddenState: Tensor; readonly timeHidden: Tensor; readonly timeMemory: Tensor };

/** Options of `gridLstmCell`. */
export interface GridLSTMCellOptions extends Omit<CellOptions, "activation"> {
  /** Blocks on top of each other. Default 1. */
  readonly depth?: number;
  /** All blocks share their weights: the paper's tied grid LSTM. Default false. */
  readonly tied?: boolean;
  /** The direction that goes last within a block, and reads what the other one gives. Default null: both at once. */
  readonly priority?: "time" | "depth" | null;
}

const { activation: _activation, ...blockNames } = cellNames;
const gridLstmCellNames: NamesOf<GridLSTMCellOptions> = { ...blockNames, depth: true, tied: true, priority: true };

/**
 * One step of the grid LSTM over time and depth [Kalchbrenner et al. 2015, arXiv:1507.01526]: memory runs in both directions. A block
 * reads both hidden vectors and makes one LSTM transition for each direction k:
 *
 *     i, f, g, o = W_k [h_time, h_depth] + b_k
 *     m_k' = σ(f) ⊙ m_k + σ(i) ⊙ tanh(g)      h_k' = σ(o) ⊙ tanh(m_k')        k = time, depth
 *
 * With `priority` "depth", W_depth reads [h_time', h_depth]; with "time", W_time reads [h_time, h_depth'].
 * At the bottom h_depth and m_depth are projections of x; at the top h_depth is what the cell shows.
 * Shapes: x [B, I]; inputKernel [I, 2H], blocks h m; level l has l/kernel [2H, 8H] and l/bias [8H]: the blocks i f g o of the
 * transition through time, then those of the one through depth. With `tied` the one pair is shared/kernel and shared/bias.
 */
export class GridLSTMCell extends Cell<GridLSTMCellOptions, GridLSTMState> {
  readonly type: string = "GridLSTMCell";
  readonly stateShapes: Readonly<Record<keyof GridLSTMState, Shape>>;
  readonly settings: CellSettings;
  readonly depth: number;
  inputKernel!: Parameter;
  private levels: readonly GridWeights[] = [];

  constructor(options: GridLSTMCellOptions) {
    super(options, "gridLstmCell");
    const { units, depth = 1, priority } = options;
    this.settings = cellSettings(options, "GridLSTM");
    checkCount(depth, "GridLSTM", "depth");
    if (priority) checkChoice(priority, ["time", "depth"], "GridLSTM", "priority");
    this.depth = depth;
    this.stateShapes = { hiddenState: [units], timeHidden: [depth, units], timeMemory: [depth, units] };
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, recurrentKernel, bias } = this.settings;
    this.inputKernel = this.addParameter("inputKernel", [this.featuresOf(inputs), 2 * units], kernel);
    this.levels = blockWeights(this.depth, this.options.tied ?? false, (prefix) => ({
      kernel: this.addParameter(`${prefix}/kernel`, [2 * units, 8 * units], recurrentKernel),
      bias: useBias ? this.addParameter(`${prefix}/bias`, [8 * units], bias) : null,
    }));
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.drawGateDropout(x, context, this.settings, 1);
  }

  step(x: Tensor, { timeHidden, timeMemory }: GridLSTMState, { input, recurrent }: StepDropout = noDropout): GridLSTMState {
    const { priority = null } = this.options;
    let [h, m] = split(matmul(dropped(x, input), this.inputKernel.tensor), 2) as [Tensor, Tensor];
    const hidden: Tensor[] = [];
    const memory: Tensor[] = [];
    this.levels.forEach((weights, level) => {
      const at = (part: Tensor): Tensor => squeeze(slice(part, level, level + 1, { axis: 1 }), 1);
      const time = { h: dropped(at(timeHidden), recurrent[0]), m: at(timeMemory) };
      const { time: throughTime, depth: throughDepth } = gatesWithin(level, () =>
        gridBlock({ time, depth: { h, m } }, weights, priority),
      );
      ({ h, m } = throughDepth);
      hidden.push(expandDims(throughTime.h, 1));
      memory.push(expandDims(throughTime.m, 1));
    });
    return { hiddenState: h, timeHidden: concat(hidden, { axis: 1 }), timeMemory: concat(memory, { axis: 1 }) };
  }
}

/** Options of `gridLstm`. */
export interface GridLSTMOptions extends GridLSTMCellOptions, RecurrentOptions {}

const gridLstmNames: NamesOf<GridLSTMOptions> = { ...gridLstmCellNames, ...recurrentNames };

/** The grid LSTM over a sequence. Equations: see `GridLSTMCell`. */
export class GridLSTM extends RecurrentLayer<GridLSTMOptions, GridLSTMState> {
  readonly type: string = "GridLSTM";
  readonly cell: GridLSTMCell;

  constructor(options: GridLSTMOptions) {
    super(options, "gridLstm");
    this.cell = new GridLSTMCell(options);
  }
}

/** One step of the grid LSTM with weights of its own. @example rnn(gridLstmCell({ units: 32, depth: 3 })) */
export function gridLstmCell(options: GridLSTMCellOptions): GridLSTMCell {
  return new GridLSTMCell(knownOptions("GridLSTMCell", options, gridLstmCellNames));
}

/** A grid LSTM over time and depth: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. @example gridLstm({ units: 32, depth: 3 }) */
export function gridLstm(options: GridLSTMOptions): GridLSTM {
  return new GridLSTM(knownOptions("GridLSTM", options, gridLstmNames));
}
