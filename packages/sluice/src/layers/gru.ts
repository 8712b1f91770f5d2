import type { HiddenState } from "./cells/cell.ts";
import { GRUCell, type GRUCellOptions, gruCellNames } from "./cells/gru-cell.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";

/** Options of `gru`. */
export interface GRUOptions extends GRUCellOptions, RecurrentOptions {}

const gruNames: NamesOf<GRUOptions> = { ...gruCellNames, ...recurrentNames };

/**
 * Gated recurrent units over a sequence. Equations, weights and sources: see `GRUCell`.
 * Every option of Keras 3's GRU but `unroll`, `implementation` and `use_cudnn`: see `LSTM`.
 */
export class GRU extends RecurrentLayer<GRUOptions, HiddenState> {
  readonly type: string = "GRU";
  readonly cell: GRUCell;

  constructor(options: GRUOptions) {
    super(options, "gru");
    this.cell = new GRUCell(options);
  }
}

/**
 * A layer of gated recurrent units: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`.
 * @throws {ValueError} when units or a rate is outside its rule.
 * @example const { output, state } = gru({ units: 16 }).forward(sequence); // [B, T, 8] → [B, 16], { hiddenState }
 */
export function gru(options: GRUOptions): GRU {
  return new GRU(knownOptions("GRU", options, gruNames));
}
