import type { GeneralLSTMCell } from "./cells/general-lstm-cell.ts";
import { type LSTMCell, type LSTMState, lstmCellOf } from "./cells/lstm-cell.ts";
import { type GeneralLSTMCellOptions, generalLstmCellNames } from "./cells/lstm-form.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";

/** Options of `lstm`. */
export interface LSTMOptions extends GeneralLSTMCellOptions, RecurrentOptions {}

const lstmNames: NamesOf<LSTMOptions> = { ...generalLstmCellNames, ...recurrentNames };

/**
 * Long short-term memory over a sequence. Equations, weights and sources: see `LSTMCell`.
 * Every option of Keras 3's LSTM but `unroll`, `implementation` and `use_cudnn`: there is one result, and the fused kernel
 * computes it wherever it can (any activation but "gelu", "silu" and "mish"; no recurrentDropout in training; no other equations).
 * Options of other forms (peepholes, projection, layerNorm, zoneout, …): see `LSTMFormOptions` and `GeneralLSTMCell`.
 */
export class LSTM extends RecurrentLayer<LSTMOptions, LSTMState> {
  readonly type: string = "LSTM";
  readonly cell: LSTMCell | GeneralLSTMCell;

  constructor(options: LSTMOptions) {
    super(options, "lstm");
    this.cell = lstmCellOf(options);
  }
}

/**
 * A layer of long short-term memory: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`.
 * The state { hiddenState, cellState } goes in and comes out as a value.
 * @throws {ValueError} when units or a rate is outside its rule, and for options that have no meaning together.
 * @example
 * const layer = lstm({ units: 16, returnSequences: true });
 * const { output, state } = layer.forward(sequence); // [B, T, 8] → [B, T, 16], { hiddenState, cellState }
 * const more = layer.forward(continuation, { state }); // goes on where the first call stopped
 * const timed = lstm({ units: 16, variant: "CIFG", projection: 8, layerNorm: true, zoneout: { hidden: 0.1, cell: 0.1 } });
 */
export function lstm(options: LSTMOptions): LSTM {
  return new LSTM(knownOptions("LSTM", options, lstmNames));
}
