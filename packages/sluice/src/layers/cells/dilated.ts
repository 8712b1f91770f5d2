import { concat, expandDims, slice, squeeze } from "../../autograd/ops/shape.ts";
import { ValueError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BuildContext, CallContext, Layer, LayerOptions, State, SymbolicShape } from "../layer.ts";
import { RNN, type RNNOptions } from "../rnn.ts";
import { Cell, noDropout, type StepDropout } from "./cell.ts";
import { checkCount } from "./cell-options.ts";

/** Options of the dilated cell. */
export interface DilatedCellOptions extends LayerOptions {
  readonly cell: Cell;
  /** d: the cell goes on from the state d steps ago. */
  readonly dilation: number;
}

/**
 * A cell that skips through time [Chang et al. 2017, "Dilated recurrent neural networks", arXiv:1710.02224]:
 *
 *     s_t = cell(x_t, s_{t−d})
 *
 * Its weights are the cell's. The state holds the last d states of the cell, the oldest first: each part [B, d, …].
 */
export class DilatedCell extends Cell<DilatedCellOptions> {
  readonly type: string = "DilatedCell";
  readonly cell: Cell;

  constructor(options: DilatedCellOptions) {
    super(options, "dilatedCell");
    checkCount(options.dilation, "DilatedCell", "dilation");
    this.cell = options.cell;
  }

  get stateShapes(): Readonly<Record<string, Shape>> {
    const { dilation } = this.options;
    return Object.fromEntries(Object.entries<Shape>(this.cell.stateShapes).map(([name, shape]) => [name, [dilation, ...shape]]));
  }

  override get sublayers(): readonly Layer[] {
    return [this.cell];
  }

  override get inputRank(): number {
    return this.cell.inputRank;
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    return this.cell.outputShape(inputs);
  }

  protected override buildParameters(inputs: readonly SymbolicShape[], context: BuildContext): void {
    this.cell.build(inputs, context);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    return this.cell.drawDropout(x, context);
  }

  override initialState(x: Pick<Tensor, "shape" | "backend">): State {
    const { dilation } = this.options;
    return mapState(this.cell.initialState(x), (part) => concat(new Array(dilation).fill(expandDims(part, 1)), { axis: 1 }));
  }

  step(x: Tensor, state: State, dropout: StepDropout = noDropout): State {
    const { dilation } = this.options;
    const next = this.cell.step(x, mapState(state, oldest), dropout);
    return mapState(next, (part, name) =>
      concat([slice(state[name] as Tensor, 1, dilation, { axis: 1 }), expandDims(part, 1)], { axis: 1 }),
    );
  }

  override output(state: State): Tensor {
    const { dilation } = this.options;
    return this.cell.output(mapState(state, (part) => oldest(slice(part, dilation - 1, dilation, { axis: 1 }))));
  }
}

function oldest(part: Tensor): Tensor {
  return squeeze(slice(part, 0, 1, { axis: 1 }), 1);
}

function mapState(state: State, change: (part: Tensor, name: string) => Tensor): State {
  return Object.fromEntries(Object.entries(state).map(([name, part]) => [name, change(part, name)]));
}

/** The cell, going on from the state `dilation` steps ago. @example rnn(dilated(gruCell({ units: 32 }), 4)) */
export function dilated(cell: Cell, dilation: number): DilatedCell {
  return new DilatedCell({ cell, dilation });
}

/** Options of `dilatedRnn`. */
export interface DilatedRNNOptions extends Omit<RNNOptions, "cells"> {
  /** One for each cell. Default 1, 2, 4, 8, … */
  readonly dilations?: readonly number[];
}

/**
 * A stack of dilated cells of any kind, the first nearest to the input.
 * @throws {ValueError} when there is not one dilation for each cell.
 * @example dilatedRnn([gruCell({ units: 32 }), gruCell({ units: 32 })], { dilations: [1, 4], returnSequences: true })
 */
export function dilatedRnn(
  cells: readonly Cell[],
  { dilations = cells.map((_, k) => 2 ** k), ...options }: DilatedRNNOptions = {},
): RNN {
  if (dilations.length !== cells.length) {
    throw new ValueError(
      `Cannot make a dilated RNN of ${cells.length} cells with ${dilations.length} dilations: give one for each cell.`,
    );
  }
  return new RNN({ ...options, cells: cells.map((cell, k) => dilated(cell, dilations[k] as number)) });
}
