import { convolution, patches } from "../../autograd/ops/convolution.ts";
import { minimum, relu, subtract } from "../../autograd/ops/elementwise.ts";
import { max, mean } from "../../autograd/ops/reduce.ts";
import { concat, stack } from "../../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { type Shape, showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { BuildContext, Layer, LayerOptions, State, SymbolicShape } from "../layer.ts";
import { knownOptions, layerNames, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { upSample } from "../up-sampling.ts";
import { checkChoice, gridOf } from "../window-options.ts";
import { Cell } from "./cell.ts";
import { checkCount } from "./cell-options.ts";
import { ConvLSTM2DCell } from "./conv-lstm-cell.ts";
import { gatesWithin } from "./gates.ts";
import type { GridCell } from "./grid-cell.ts";
import { InceptionLSTMCell, steepSigmoid } from "./inception-lstm.ts";
import type { LSTMState } from "./lstm-cell.ts";

/** Options of `predNetCell`. */
export interface PredNetCellOptions extends LayerOptions {
  /** Channels of the representation R in each layer, the image's layer first; those of A above the image too. [3, 48, 96, 192] in the paper. */
  readonly channels: readonly number[];
  /** Which LSTM keeps R; an Inception LSTM has `channels` in each of its three branches. Default "convLstm". */
  readonly representation?: "convLstm" | "inception1" | "inception2";
  /** Size of every window. Default 3. */
  readonly kernelSize?: number;
  /** Predicted pixels are cut off here. Default 1. */
  readonly pixelMax?: number;
  /** What a step shows: the predicted image [B, h, w, C], or the mean error of each layer [B, L], to train on. Default "prediction". */
  readonly shows?: "prediction" | "errors";
}

/** The names of `PredNetCellOptions`. */
export const predNetCellNames: NamesOf<PredNetCellOptions> = {
  ...layerNames,
  channels: true,
  representation: true,
  kernelSize: true,
  pixelMax: true,
  shows: true,
};

interface Convolved {
  readonly kernel: Parameter;
  readonly bias: Parameter;
}

/**
 * One step of PredNet [Lotter, Kreiman & Cox 2016, arXiv:1605.08104]: each layer predicts what the layer below shows it, and hands its error up.
 *
 *     R_l = LSTM([E_l; up R_{l+1}], R_l)                 from the top layer down, with the E of the step before
 *     A_0 = x,  A_l = pool(relu(W_l ∗ E_{l−1} + b_l))    from the image up
 *     Â_l = relu(P_l ∗ R_l + p_l), Â_0 ≤ pixelMax        E_l = [relu(Â_l − A_l); relu(A_l − Â_l)]
 *
 * The gates are clip(0.2 x + 0.5, 0, 1), as in the authors' code. Shapes: x [B, height, width, C], both sides multiples of 2^(L−1); R_l and its
 * c [B, height / 2^l, width / 2^l, R], E_l twice the channels of A_l; P_l = prediction/kernel [k, k, R, A], W_l = target/kernel [k, k, 2A, A].
 * State: "l/hiddenState", "l/cellState", "l/error" for each layer l. Feed a prediction back as the next x to look further ahead.
 */
export class PredNetCell extends Cell<PredNetCellOptions> {
  readonly type: string = "PredNetCell";
  private readonly cells: readonly GridCell<LayerOptions>[];
  private predictions: readonly Convolved[] = [];
  private targets: readonly Convolved[] = [];
  private frame: readonly [number, number, number] = [0, 0, 0];

  constructor(options: PredNetCellOptions) {
    super(options, "predNetCell");
    const { channels, representation = "convLstm", kernelSize = 3, pixelMax = 1, shows = "prediction" } = options;
    if (!Array.isArray(channels) || channels.length === 0) {
      throw new ValueError("Cannot make PredNet without layers: channels lists one number for each, such as [3, 48, 96].");
    }
    for (const count of channels) checkCount(count, "PredNet", "channels");
    checkCount(kernelSize, "PredNet", "kernelSize");
    checkChoice(representation, ["convLstm", "inception1", "inception2"], "PredNet", "representation");
    checkChoice(shows, ["prediction", "errors"], "PredNet", "shows");
    if (!(pixelMax > 0)) throw new ValueError(`Cannot make PredNet with pixelMax ${pixelMax}: it is a number above 0.`);
    this.cells = channels.map((filters) =>
      representation === "convLstm"
        ? new ConvLSTM2DCell({ filters, kernelSize, padding: "same", recurrentActivation: steepSigmoid, unitForgetBias: false })
        : new InceptionLSTMCell({ filters, version: representation === "inception1" ? 1 : 2 }),
    );
  }

  private get depth(): number {
    return this.cells.length;
  }

  /** Channels of A_l. */
  private targetChannels(l: number): number {
    return l === 0 ? this.frame[2] : (this.options.channels[l] as number);
  }

  /** Channels of R_l. */
  private representationChannels(l: number): number {
    const { channels, representation = "convLstm" } = this.options;
    return (channels[l] as number) * (representation === "convLstm" ? 1 : 3);
  }

  get stateShapes(): Readonly<Record<string, Shape>> {
    const [height, width] = this.frame;
    return Object.fromEntries(
      this.cells.flatMap((_, l) => {
        const place = [height / 2 ** l, width / 2 ** l];
        const R = [...place, this.representationChannels(l)];
        return [
          [`${l}/hiddenState`, R],
          [`${l}/cellState`, R],
          [`${l}/error`, [...place, 2 * this.targetChannels(l)]],
        ];
      }),
    );
  }

  override get inputRank(): number {
    return 4;
  }

  override get sublayers(): readonly Layer[] {
    return this.cells;
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const sides = gridOf(this, x, 2);
    const step = 2 ** (this.depth - 1);
    if (!sides.every((side) => side !== null && side % step === 0)) {
      throw new ShapeError(
        `Cannot run PredNet "${this.name}" on shape ${showShape(x)}: ${this.depth} layers halve the image ${this.depth - 1} times, ` +
          `so both sides are multiples of ${step}. Crop the images, or take fewer layers.`,
      );
    }
    if (!this.built) this.frame = [...(sides as number[]), x.at(-1) as number] as unknown as readonly [number, number, number];
    return this.options.shows === "errors" ? [x[0] ?? null, this.depth] : x;
  }

  protected override buildParameters(_inputs: readonly SymbolicShape[], context: BuildContext): void {
    const { kernelSize = 3 } = this.options;
    const [height, width] = this.frame;
    const convolved = (name: string, inputs: number, outputs: number): Convolved => ({
      kernel: this.addParameter(`${name}/kernel`, [kernelSize, kernelSize, inputs, outputs], { initializer: "glorotUniform" }),
      bias: this.addParameter(`${name}/bias`, [outputs], { initializer: "zeros" }),
    });
    this.cells.forEach((cell, l) => {
      const above = l + 1 < this.depth ? this.representationChannels(l + 1) : 0;
      const reads = 2 * this.targetChannels(l) + above;
      cell.build([[null, height / 2 ** l, width / 2 ** l, reads]], { ...context, path: `${context.path}/${l}/representation` });
    });
    this.predictions = this.cells.map((_, l) =>
      convolved(`${l}/prediction`, this.representationChannels(l), this.targetChannels(l)),
    );
    this.targets = this.cells
      .slice(1)
      .map((_, l) => convolved(`${l + 1}/target`, 2 * this.targetChannels(l), this.targetChannels(l + 1)));
  }

  /** Â_l of R_l. */
  private predict(l: number, R: Tensor): Tensor {
    const shown = relu(convolvedWith(this.predictions[l] as Convolved, R));
    return l === 0 ? minimum(shown, this.options.pixelMax ?? 1) : shown;
  }

  step(x: Tensor, state: State): State {
    const next: Record<string, Tensor> = {};
    let above: Tensor | null = null;
    for (let l = this.depth - 1; l >= 0; l--) {
      const E = state[`${l}/error`] as Tensor;
      const before = { hiddenState: state[`${l}/hiddenState`], cellState: state[`${l}/cellState`] } as LSTMState;
      const read: Tensor = above ? concat([E, upSample(above, [2, 2])]) : E;
      const cell = this.cells[l] as GridCell<LayerOptions>;
      const after = gatesWithin(l, () => cell.step(read, before));
      above = after.hiddenState;
      next[`${l}/hiddenState`] = after.hiddenState;
      next[`${l}/cellState`] = after.cellState;
    }
    let A = x;
    for (let l = 0; l < this.depth; l++) {
      const predicted = this.predict(l, next[`${l}/hiddenState`] as Tensor);
      const E = concat([relu(subtract(predicted, A)), relu(subtract(A, predicted))]);
      next[`${l}/error`] = E;
      const up = this.targets[l];
      if (up) A = max(patches(relu(convolvedWith(up, E)), [2, 2], { strides: [2, 2] }), { axis: -2 });
    }
    return Object.fromEntries(Object.keys(this.stateShapes).map((name) => [name, next[name] as Tensor]));
  }

  override output(state: State): Tensor {
    if (this.options.shows !== "errors") return this.predict(0, state["0/hiddenState"] as Tensor);
    return stack(
      this.cells.map((_, l) => mean(state[`${l}/error`] as Tensor, { axis: [1, 2, 3] })),
      { axis: 1 },
    );
  }
}

function convolvedWith({ kernel, bias }: Convolved, x: Tensor): Tensor {
  return convolution(x, kernel.tensor, bias.tensor, { padding: "same" });
}

/**
 * One PredNet step with weights of its own.
 * @throws {ValueError} for a value outside its rule; {ShapeError} when the image cannot be halved often enough.
 * @example rnn(predNetCell({ channels: [3, 48, 96], shows: "errors" }))
 */
export function predNetCell(options: PredNetCellOptions): PredNetCell {
  return new PredNetCell(knownOptions("PredNetCell", options, predNetCellNames));
}
