import { multiply } from "../autograd/ops/elementwise.ts";
import { mean, sum } from "../autograd/ops/reduce.ts";
import { slice } from "../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { PredNetCell, type PredNetCellOptions, predNetCellNames } from "./cells/pred-net-cell.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { RecurrentLayer, type RecurrentOptions, recurrentNames } from "./recurrent-layer.ts";

/** Options of `predNet`. */
export interface PredNetOptions extends PredNetCellOptions, RecurrentOptions {}

const predNetNames: NamesOf<PredNetOptions> = { ...predNetCellNames, ...recurrentNames };

/** PredNet over a sequence of images. Equations: see `PredNetCell`. */
export class PredNet extends RecurrentLayer<PredNetOptions> {
  readonly type: string = "PredNet";
  readonly cell: PredNetCell;

  constructor(options: PredNetOptions) {
    super(options, "predNet");
    this.cell = new PredNetCell(options);
  }
}

/**
 * A network that predicts the next image, over [B, T, h, w, C]: the prediction at step t was made from the images before t.
 * With `shows: "errors"` it gives [B, T, layers], which `predNetLoss` turns into what training makes small. Equations: see `PredNetCell`.
 * @throws {ValueError} for a value outside its rule; {ShapeError} when the image cannot be halved often enough.
 * @example
 * const images = predNet({ channels: [3, 48, 96], shows: "errors", returnSequences: true });
 * const model = sequential([images, predNetLoss({ layerWeights: "L0" })]);
 * model.compile({ optimizer: "adam", loss: "mae" }); // targets are 0
 */
export function predNet(options: PredNetOptions): PredNet {
  return new PredNet(knownOptions("PredNet", options, predNetNames));
}

/** Options of `predNetLoss`. */
export interface PredNetLossOptions extends LayerOptions {
  /** λ_l: how much each layer's error counts. "L0": the image's alone; "Lall": the layers above too, 0.1 each. Default "L0". */
  readonly layerWeights?: "L0" | "Lall" | readonly number[];
}

const predNetLossNames: NamesOf<PredNetLossOptions> = { ...layerNames, layerWeights: true };

/**
 * The loss of PredNet for each sequence: Σ_t λ_t Σ_l λ_l e_{t,l}, λ_t = 0 at the first step, which nothing came before, and 1 / (T − 1) after.
 * errors [B, T, L] → [B, 1]. It takes no mask.
 */
export class PredNetLoss extends Layer<PredNetLossOptions> {
  readonly type: string = "PredNetLoss";

  constructor(options: PredNetLossOptions) {
    super(options, "predNetLoss");
    const { layerWeights = "L0" } = options;
    if (typeof layerWeights === "string" && layerWeights !== "L0" && layerWeights !== "Lall") {
      throw new ValueError(
        `Cannot make PredNetLoss with layerWeights "${layerWeights}": it is "L0", "Lall", or one number for each layer.`,
      );
    }
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const { layerWeights = "L0" } = this.options;
    const isShort = typeof x[1] === "number" && x[1] < 2;
    const misfit = typeof layerWeights !== "string" && x[2] !== layerWeights.length;
    if (x.length !== 3 || isShort || misfit) {
      throw new ShapeError(
        `Cannot run PredNetLoss "${this.name}" on shape ${showShape(x)}: it reads [batch, at least 2 steps, ${misfit ? layerWeights.length : ""} layers], ` +
          'as predNet({ shows: "errors", returnSequences: true }) gives them.',
      );
    }
    return [x[0] ?? null, 1];
  }

  call([input]: readonly Tensor[], _context: CallContext): CallResult {
    const errors = input as Tensor;
    const { layerWeights = "L0" } = this.options;
    const above = layerWeights === "L0" ? 0 : 0.1;
    const L = errors.shape[2] as number;
    const weights = typeof layerWeights === "string" ? Array.from({ length: L }, (_, l) => (l === 0 ? 1 : above)) : layerWeights;
    const later = mean(slice(errors, 1, undefined, { axis: 1 }), { axis: 1 });
    return oneOutput(sum(multiply(later, tensor(weights, [L], { backend: errors.backend })), { axis: 1, keepDims: true }));
  }
}

/** What PredNet's training makes small: [B, T, layers] → [B, 1]. @example predNetLoss({ layerWeights: "Lall" }) */
export function predNetLoss(options: PredNetLossOptions = {}): PredNetLoss {
  return new PredNetLoss(knownOptions("PredNetLoss", options, predNetLossNames));
}
