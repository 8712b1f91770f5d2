import type { HiddenState } from "./cells/cell.ts";
import { SimpleRNNCell, type SimpleRNNCellOptions, simpleRnnCellNames } from "./cells/simple-rnn-cell.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";

/** Options of `simpleRnn`. */
export interface SimpleRNNOptions extends SimpleRNNCellOptions, RecurrentOptions {}

const simpleRnnNames: NamesOf<SimpleRNNOptions> = { ...simpleRnnCellNames, ...recurrentNames };

/**
 * The simple recurrent network over a sequence. Equation, weights and source: see `SimpleRNNCell`.
 * Every option of Keras 3's SimpleRNN but `unroll`: see `LSTM`.
 */
export class SimpleRNN extends RecurrentLayer<SimpleRNNOptions, HiddenState> {
  readonly type: string = "SimpleRNN";
  readonly cell: SimpleRNNCell;

  constructor(options: SimpleRNNOptions) {
    super(options, "simpleRnn");
    this.cell = new SimpleRNNCell(options);
  }
}

/**
 * A simple recurrent layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. It forgets fast; see `lstm` and `gru`.
 * @throws {ValueError} when units or a rate is outside its rule.
 * @example const { output } = simpleRnn({ units: 16 }).forward(sequence); // [B, T, 8] → [B, 16]
 */
export function simpleRnn(options: SimpleRNNOptions): SimpleRNN {
  return new SimpleRNN(knownOptions("SimpleRNN", options, simpleRnnNames));
}
