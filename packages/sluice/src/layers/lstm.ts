import { lstmSequence } from "../autograd/ops/lstm.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { isGateActivation } from "./cells/cell-options.ts";
import { LSTMCell, type LSTMCellOptions, type LSTMState } from "./cells/lstm-cell.ts";
import { RecurrentLayer, type RecurrentOptions } from "./recurrent-layer.ts";
import type { SequenceResult } from "./scan.ts";

export interface LSTMOptions extends LSTMCellOptions, RecurrentOptions {}

/**
 * Long short-term memory over a sequence. Equations, weights and sources: see `LSTMCell`.
 * Every option of Keras 3's LSTM but `unroll`, `implementation` and `use_cudnn`: there is one result, and the fused kernel
 * computes it wherever it can (any activation but "gelu", "silu" and "mish"; no recurrentDropout in training).
 */
export class LSTM extends RecurrentLayer<LSTMOptions, LSTMState> {
  readonly type: string = "LSTM";
  readonly cell: LSTMCell;

  constructor(options: LSTMOptions) {
    super(options, "lstm");
    this.cell = new LSTMCell(options);
  }

  protected override fused(
    x: Tensor,
    { hiddenState, cellState }: LSTMState,
    mask: Tensor | null,
  ): SequenceResult<LSTMState> | null {
    const { kernel, recurrentKernel, bias, settings } = this.cell;
    const { activation, recurrentActivation } = settings;
    const { goBackwards = false, returnSequences = false } = this.options;
    if (!isGateActivation(activation) || !isGateActivation(recurrentActivation)) return null;
    const [output, lastHidden, lastCell] = lstmSequence(
      x,
      kernel.tensor,
      recurrentKernel.tensor,
      bias?.tensor ?? null,
      hiddenState,
      cellState,
      mask,
      { activation, recurrentActivation, goBackwards, returnSequences },
    );
    return { output, state: { hiddenState: lastHidden, cellState: lastCell } };
  }
}

/**
 * A layer of long short-term memory: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`.
 * The state { hiddenState, cellState } goes in and comes out as a value.
 * @throws {ValueError} when units or a rate is outside its rule.
 * @example
 * const layer = lstm({ units: 16, returnSequences: true });
 * const { output, state } = layer.forward(sequence); // [B, T, 8] → [B, T, 16], { hiddenState, cellState }
 * const more = layer.forward(continuation, { state }); // goes on where the first call stopped
 */
export function lstm(options: LSTMOptions): LSTM {
  return new LSTM(options);
}
