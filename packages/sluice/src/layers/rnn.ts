import { ValueError } from "../errors.ts";
import { Cell } from "./cells/cell.ts";
import { StackedCells } from "./cells/stacked-cells.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";

/** Options of `rnn`. */
export interface RNNOptions extends RecurrentOptions {
  /** One cell, or several that are stacked within a time step, the first nearest to the input. */
  readonly cells: Cell | readonly Cell[];
}

const rnnNames: NamesOf<RNNOptions> = { ...recurrentNames, cells: true };

/** Any cell, or a stack of cells, over a sequence. The cells' weights are the layer's; it runs their `step` at each time. */
export class RNN extends RecurrentLayer<RNNOptions> {
  readonly type: string = "RNN";
  readonly cell: Cell;

  constructor(options: RNNOptions) {
    super(options, "rnn");
    const cells = options.cells instanceof Cell ? [options.cells] : options.cells;
    const [first] = cells;
    if (!first || !cells.every((cell) => cell instanceof Cell)) {
      throw new ValueError("Cannot make RNN: cells must be one cell or a list of at least one, such as lstmCell({ units: 32 }).");
    }
    this.cell = cells.length === 1 ? first : new StackedCells({ cells });
  }
}

/**
 * A recurrent layer over cells: x [B, T, …] → what the (last) cell shows, [B, H] or [B, T, H] with `returnSequences`.
 * @param cells one cell, or a list that is stacked: cell k + 1 reads what cell k shows, and one state holds all of them.
 * @throws {ValueError} for an empty list.
 * @example rnn([lstmCell({ units: 64 }), gruCell({ units: 32 })], { returnSequences: true })
 */
export function rnn(cells: Cell | readonly Cell[], options: Omit<RNNOptions, "cells"> = {}): RNN {
  return new RNN(knownOptions("RNN", { cells, ...options }, rnnNames));
}
