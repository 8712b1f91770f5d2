import { reshape } from "../autograd/ops/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import {
  ConvLSTM1DCell,
  ConvLSTM2DCell,
  ConvLSTM3DCell,
  type ConvLSTMCell,
  type ConvLSTMCellOptions,
  convLstmCellNames,
} from "./cells/conv-lstm-cell.ts";
import type { LSTMState } from "./cells/lstm-cell.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";
import { type SequenceResult, scan } from "./scan.ts";

/** Options of convLstm1d, convLstm2d and convLstm3d. */
export interface ConvLSTMOptions extends ConvLSTMCellOptions, RecurrentOptions {}

const convLstmNames: NamesOf<ConvLSTMOptions> = { ...convLstmCellNames, ...recurrentNames };

/** The convolutional LSTM over a sequence: the convolutions over x of all steps at once, then the step itself. Equations: see `ConvLSTMCell`. */
abstract class ConvLSTM extends RecurrentLayer<ConvLSTMOptions, LSTMState> {
  abstract override readonly cell: ConvLSTMCell;

  protected override fused(x: Tensor, initial: LSTMState, mask: Tensor | null): SequenceResult<LSTMState> {
    const { returnSequences = false, goBackwards = false } = this.options;
    const [B, T, ...frame] = x.shape as [number, number, ...number[]];
    const projected = this.cell.project(reshape(withoutPadding(x, mask), [B * T, ...frame]));
    const steps = reshape(projected, [B, T, ...projected.shape.slice(1)]);
    const output = (state: LSTMState): Tensor => this.cell.output(state);
    return scan((z, state: LSTMState) => this.cell.advance(z, state), initial, steps, {
      mask,
      output,
      goBackwards,
      returnSequences,
    });
  }
}

/** ConvLSTM over sequences of vectors along one axis. Equations: see `ConvLSTMCell`. */
export class ConvLSTM1D extends ConvLSTM {
  readonly type: string = "ConvLSTM1D";
  readonly cell: ConvLSTM1DCell;

  constructor(options: ConvLSTMOptions) {
    super(options, "convLstm1d");
    this.cell = new ConvLSTM1DCell(options);
  }
}

/** ConvLSTM over sequences of images. Equations: see `ConvLSTMCell`. */
export class ConvLSTM2D extends ConvLSTM {
  readonly type: string = "ConvLSTM2D";
  readonly cell: ConvLSTM2DCell;

  constructor(options: ConvLSTMOptions) {
    super(options, "convLstm2d");
    this.cell = new ConvLSTM2DCell(options);
  }
}

/** ConvLSTM over sequences of volumes. Equations: see `ConvLSTMCell`. */
export class ConvLSTM3D extends ConvLSTM {
  readonly type: string = "ConvLSTM3D";
  readonly cell: ConvLSTM3DCell;

  constructor(options: ConvLSTMOptions) {
    super(options, "convLstm3d");
    this.cell = new ConvLSTM3DCell(options);
  }
}

/**
 * A convolutional LSTM over [B, T, width, I] → [B, width', filters], or each step's with `returnSequences`. Equations: see `ConvLSTMCell`.
 * @throws {ValueError} for a value outside its rule; {ShapeError} when a size other than batch and time is unknown.
 * @example convLstm1d({ filters: 16, kernelSize: 5, padding: "same" })
 */
export function convLstm1d(options: ConvLSTMOptions): ConvLSTM1D {
  return new ConvLSTM1D(knownOptions("ConvLSTM1D", options, convLstmNames));
}

/**
 * A convolutional LSTM over images: [B, T, h, w, I] → [B, h', w', filters], or each step's with `returnSequences`.
 * @example sequential([convLstm2d({ filters: 64, kernelSize: 5, padding: "same", peepholes: "perChannel", returnSequences: true }), conv3d({ filters: 1, kernelSize: 3, padding: "same" })])
 */
export function convLstm2d(options: ConvLSTMOptions): ConvLSTM2D {
  return new ConvLSTM2D(knownOptions("ConvLSTM2D", options, convLstmNames));
}

/** A convolutional LSTM over volumes: [B, T, d, h, w, I] → [B, d', h', w', filters]. @example convLstm3d({ filters: 8, kernelSize: 3, padding: "same" }) */
export function convLstm3d(options: ConvLSTMOptions): ConvLSTM3D {
  return new ConvLSTM3D(knownOptions("ConvLSTM3D", options, convLstmNames));
}
