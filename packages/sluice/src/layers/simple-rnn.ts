import { rnnSequence } from "../autograd/ops/rnn.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { HiddenState } from "./cells/cell.ts";
import { isGateActivation } from "./cells/cell-options.ts";
import { SimpleRNNCell, type SimpleRNNCellOptions } from "./cells/simple-rnn-cell.ts";
import { RecurrentLayer, type RecurrentOptions } from "./recurrent-layer.ts";
import type { SequenceResult } from "./scan.ts";

/** Options of `simpleRnn`. */
export interface SimpleRNNOptions extends SimpleRNNCellOptions, RecurrentOptions {}

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

  protected override fused(x: Tensor, { hiddenState }: HiddenState, mask: Tensor | null): SequenceResult<HiddenState> | null {
    const { kernel, recurrentKernel, bias, settings } = this.cell;
    const { activation } = settings;
    const { goBackwards = false, returnSequences = false } = this.options;
    if (!isGateActivation(activation)) return null;
    const [output, last] = rnnSequence(x, kernel.tensor, recurrentKernel.tensor, bias?.tensor ?? null, hiddenState, mask, {
      activation,
      recurrentActivation: "sigmoid", // not used: there are no gates
      goBackwards,
      returnSequences,
    });
    return { output, state: { hiddenState: last } };
  }
}

/**
 * A simple recurrent layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`. It forgets fast; see `lstm` and `gru`.
 * @throws {ValueError} when units or a rate is outside its rule.
 * @example const { output } = simpleRnn({ units: 16 }).forward(sequence); // [B, T, 8] → [B, 16]
 */
export function simpleRnn(options: SimpleRNNOptions): SimpleRNN {
  return new SimpleRNN(options);
}
