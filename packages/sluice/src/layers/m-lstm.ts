import type { Tensor } from "../tensor/tensor.ts";
import { checkCount } from "./cells/cell-options.ts";
import { MLSTMCell, type MLSTMCellOptions, type MLSTMState, mLstmCellNames } from "./cells/m-lstm.ts";
import { heldInputs, lastStep, parallelInput } from "./linear-recurrence.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";
import type { SequenceResult } from "./scan.ts";

/** Options of `mLstm`. */
export interface MLSTMOptions extends MLSTMCellOptions, RecurrentOptions {
  /** Steps that run at once; the memory is carried from chunk to chunk. Results do not depend on it. Default 64. */
  readonly chunkLength?: number;
}

const mLstmNames: NamesOf<MLSTMOptions> = { ...mLstmCellNames, ...recurrentNames, chunkLength: true };

/** mLSTM over a sequence, a chunk of steps at once, from any state. Equations: see `MLSTMCell`. */
export class MLSTM extends RecurrentLayer<MLSTMOptions, MLSTMState> {
  readonly type: string = "MLSTM";
  readonly cell: MLSTMCell;

  constructor(options: MLSTMOptions) {
    super(options, "mLstm");
    this.cell = new MLSTMCell(options);
    checkCount(options.chunkLength ?? 64, "MLSTM", "chunkLength");
  }

  protected override fused(sequence: Tensor, initial: MLSTMState, mask: Tensor | null): SequenceResult<MLSTMState> | null {
    const { chunkLength = 64, returnSequences = false } = this.options;
    if (sequence.shape[1] === 0) return null;
    const input = parallelInput(sequence, mask, this.options);
    const { h, memory } = this.cell.read(input, initial, chunkLength);
    const held = heldInputs(h, initial.hiddenState, input.uses);
    const hiddenState = lastStep(held, initial.hiddenState);
    return { output: returnSequences ? held : hiddenState, state: { hiddenState, ...memory } };
  }
}

/**
 * An mLSTM layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`.
 * @example mLstm({ units: 64, heads: 4, returnSequences: true })
 */
export function mLstm(options: MLSTMOptions): MLSTM {
  return new MLSTM(knownOptions("MLSTM", options, mLstmNames));
}
