import { dropoutMask } from "../../autograd/ops/dropout.ts";
import { activate, add, multiply, negate, sigmoid, where } from "../../autograd/ops/elementwise.ts";
import { linear } from "../../autograd/ops/matmul.ts";
import { concat, split } from "../../autograd/ops/shape.ts";
import type { ActivationName } from "../../backend/kernels.ts";
import { ValueError } from "../../errors.ts";
import type { Shape } from "../../tensor/shape.ts";
import { full, type Tensor } from "../../tensor/tensor.ts";
import type { CallContext, SymbolicShape } from "../layer.ts";
import { knownOptions, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { Cell, dropped, noDropout, type StepDropout } from "./cell.ts";
import { type CellSettings, cellSettings, checkRate, type InputCellOptions, inputCellNames } from "./cell-options.ts";
import { reportGates } from "./gates.ts";

/** What a QRNN carries: h and c [B, H], and with a window of 2 the x before [B, I]. */
export type QRNNState = { readonly hiddenState: Tensor; readonly cellState: Tensor; readonly previousInput?: Tensor };

/** Options of `qrnnCell`. */
export interface QRNNCellOptions extends InputCellOptions {
  /** Of the candidate. Default "tanh". */
  readonly activation?: ActivationName;
  /** Steps of x that gates and candidate read: this one, or this and the one before. Default 1. */
  readonly window?: 1 | 2;
  /** Which gates there are. Default "fo". */
  readonly pooling?: "f" | "fo" | "ifo";
  /** Share of units that keep their old c in training, drawn afresh at each step. Default 0. */
  readonly zoneout?: number;
}

/** The names of `QRNNCellOptions`. */
export const qrnnCellNames: NamesOf<QRNNCellOptions> = {
  ...inputCellNames,
  activation: true,
  window: true,
  pooling: true,
  zoneout: true,
};

const blocksOf = { f: 2, fo: 3, ifo: 4 } as const;

/**
 * One step of the quasi-recurrent network [Bradbury et al. 2017, arXiv:1611.01576]: gates and candidate are convolutions of x
 * along time, and only the pooling step reads the past.
 *
 *     z = tanh(W_z x̂ + b_z)      f, o, i = σ(W x̂ + b)            x̂ = [x_t, x_{t−1}] with a window of 2
 *     "f":  h' = f ⊙ h + (1 − f) ⊙ z
 *     "fo":  c' = f ⊙ c + (1 − f) ⊙ z     h' = o ⊙ c'            "ifo":  c' = f ⊙ c + i ⊙ z     h' = o ⊙ c'
 *
 * Shapes: x [B, I], h and c [B, H]; W = kernel [window · I, GH], rows x_t first, b = bias [GH], blocks z f o i as far as they
 * exist. f keeps, as in the paper and in an LSTM; a well-known implementation calls the opposite, 1 − f, by that name.
 * Zoneout sets f to 1 where it strikes, without rescaling. `activation` stands for tanh.
 */
export class QRNNCell extends Cell<QRNNCellOptions, QRNNState> {
  readonly type: string = "QRNNCell";
  readonly settings: CellSettings;
  readonly window: 1 | 2;
  readonly pooling: "f" | "fo" | "ifo";
  private readonly zoneout: number;
  private features = 0;
  kernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: QRNNCellOptions) {
    super(options, "qrnnCell");
    this.settings = cellSettings(options, "QRNN");
    const { window = 1, pooling = "fo", zoneout = 0 } = options;
    checkRate(zoneout, "QRNN", "zoneout");
    if (window !== 1 && window !== 2) throw new ValueError(`Cannot make QRNN with window ${String(window)}: it is 1 or 2.`);
    if (!Object.hasOwn(blocksOf, pooling)) {
      throw new ValueError(`Cannot make QRNN with pooling "${String(pooling)}": it is "f", "fo" or "ifo".`);
    }
    this.window = window;
    this.pooling = pooling;
    this.zoneout = zoneout;
  }

  /** The shape of the x before is known once an input is. */
  get stateShapes(): Readonly<Record<keyof QRNNState, Shape>> {
    const { units } = this.settings;
    const shapes: Record<string, Shape> = { hiddenState: [units], cellState: [units] };
    if (this.window === 2) shapes.previousInput = [this.features];
    return shapes as Record<keyof QRNNState, Shape>;
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    this.features = this.featuresOf(inputs);
    return super.outputShape(inputs);
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    const { units, useBias, kernel, bias } = this.settings;
    const width = blocksOf[this.pooling] * units;
    this.kernel = this.addParameter("kernel", [this.window * this.featuresOf(inputs), width], kernel);
    if (useBias) this.bias = this.addParameter("bias", [width], bias);
  }

  override drawDropout(x: Shape, context: CallContext): StepDropout {
    const fixed = this.drawGateDropout(x, context, { ...this.settings, recurrentDropout: 0 }, 0);
    if (!context.training || this.zoneout === 0) return fixed;
    const shape = [x[0] as number, this.settings.units];
    const draw = (t: number): Tensor =>
      dropoutMask(shape, this.zoneout, this.randomKey(`zoneout/${t}`, context.step), this.backend);
    return { ...fixed, at: (t) => ({ ...fixed, zoneout: { cellState: draw(t) } }) };
  }

  step(x: Tensor, state: QRNNState, dropout: StepDropout = noDropout): QRNNState {
    const now = dropped(x, dropout.input);
    const { f, gain, show } = this.pools(state.previousInput ? concat([now, state.previousInput]) : now);
    const zoned = dropout.zoneout?.cellState;
    const keep = zoned ? where(zoned, f, full(f.shape, 1, { backend: f.backend })) : f;
    const c = state.cellState;
    const cellState = add(multiply(keep, c), gain(keep));
    return { hiddenState: show(cellState), cellState, ...(state.previousInput && { previousInput: now }) };
  }

  /** From what the window reads [..., window · I]: f, what is added to c for the f in use, and what is shown of c. */
  pools(read: Tensor): { f: Tensor; gain: (f: Tensor) => Tensor; show: (c: Tensor) => Tensor } {
    const blocks = split(linear(read, this.kernel.tensor, this.bias?.tensor ?? null), blocksOf[this.pooling]);
    const z = activate(this.settings.activation, blocks[0] as Tensor);
    const [f, o, i] = blocks.slice(1).map((block) => sigmoid(block)) as [Tensor, Tensor?, Tensor?];
    reportGates(() => ({ ...(i && { inputGate: i }), forgetGate: f, cellCandidate: z, ...(o && { outputGate: o }) }));
    return {
      f,
      gain: (used) => (i ? multiply(i, z) : multiply(add(negate(used), 1), z)),
      show: (c) => (o ? multiply(o, c) : c),
    };
  }
}

/** One QRNN step with weights of its own. @example rnn(qrnnCell({ units: 32, window: 2 })) */
export function qrnnCell(options: QRNNCellOptions): QRNNCell {
  return new QRNNCell(knownOptions("QRNNCell", options, qrnnCellNames));
}
