import { earlier } from "../autograd/ops/associative-scan.ts";
import { concat } from "../autograd/ops/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { QRNNCell, type QRNNCellOptions, type QRNNState, qrnnCellNames } from "./cells/qrnn.ts";
import { heldInputs, lastStep, parallelInput, runLinear } from "./linear-recurrence.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";
import type { SequenceResult } from "./scan.ts";

/** Options of `qrnn`. */
export interface QRNNOptions extends QRNNCellOptions, RecurrentOptions {}

const qrnnNames: NamesOf<QRNNOptions> = { ...qrnnCellNames, ...recurrentNames };

/** The quasi-recurrent network over a sequence, all steps at once (step by step where zoneout acts). Equations: see `QRNNCell`. */
export class QRNN extends RecurrentLayer<QRNNOptions, QRNNState> {
  readonly type: string = "QRNN";
  readonly cell: QRNNCell;

  constructor(options: QRNNOptions) {
    super(options, "qrnn");
    this.cell = new QRNNCell(options);
  }

  protected override fused(sequence: Tensor, initial: QRNNState, mask: Tensor | null): SequenceResult<QRNNState> {
    const { x, uses } = parallelInput(sequence, mask, this.options);
    const { hiddenState, cellState, previousInput } = initial;
    const held = previousInput && heldInputs(x, previousInput, uses);
    const { f, gain, show } = this.cell.pools(held ? concat([x, earlier(held, previousInput)]) : x);
    const c = runLinear({ keep: f, gain: gain(f) }, cellState, uses);
    const h = heldInputs(show(c), hiddenState, uses);
    const last = lastStep(h, hiddenState);
    return {
      output: this.options.returnSequences ? h : last,
      state: {
        hiddenState: last,
        cellState: lastStep(c, cellState),
        ...(held && { previousInput: lastStep(held, previousInput) }),
      },
    };
  }
}

/**
 * A quasi-recurrent layer: x [B, T, I] → [B, H], or [B, T, H] with `returnSequences`.
 * @example qrnn({ units: 32, window: 2, zoneout: 0.1, returnSequences: true })
 */
export function qrnn(options: QRNNOptions): QRNN {
  return new QRNN(knownOptions("QRNN", options, qrnnNames));
}
