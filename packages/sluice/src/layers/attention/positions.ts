import { add } from "../../autograd/ops/elementwise.ts";
import { slice } from "../../autograd/ops/shape.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
import { showShape } from "../../tensor/shape.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { checkCount } from "../cells/cell-options.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "../layer.ts";
import { knownOptions, layerNames, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { checkChoice } from "../window-options.ts";

/** Options of `positions`. */
export interface PositionsOptions extends LayerOptions {
  /** "sinusoidal": fixed waves, for any length; "learned": a vector for each position, up to `maxLength`. Default "sinusoidal". */
  readonly encoding?: "sinusoidal" | "learned";
  /** Longest sequence that "learned" has vectors for; it needs one. */
  readonly maxLength?: number;
  /** Of the learned vectors. Default "randomUniform" in −0.05 … 0.05. */
  readonly embeddingsInitializer?: InitializerSpec;
}

const positionsNames: NamesOf<PositionsOptions> = { ...layerNames, encoding: true, maxLength: true, embeddingsInitializer: true };

/**
 * Tells each step where it stands, for layers that treat all steps alike [Vaswani et al. 2017, arXiv:1706.03762].
 *
 *     y_t = x_t + p_t      p_t,2i = sin(t / 10000^(2i/I))      p_t,2i+1 = cos(t / 10000^(2i/I))
 *
 * Shapes: x [B, T, I] → [B, T, I]; t from 0. "learned": p = embeddings [maxLength, I]. The mask passes through.
 */
export class Positions extends Layer<PositionsOptions> {
  readonly type: string = "Positions";
  embeddings: Parameter | null = null;
  private waves: Tensor | null = null;

  constructor(options: PositionsOptions) {
    super(options, "positions");
    const { encoding = "sinusoidal", maxLength } = options;
    checkChoice(encoding, ["sinusoidal", "learned"], "Positions", "encoding");
    if (encoding === "learned") checkCount(maxLength as number, "Positions", "maxLength");
    else if (maxLength !== undefined) {
      throw new ValueError(
        `Cannot make Positions with maxLength ${maxLength}: sinusoidal positions have no end. Leave it out, or take encoding: "learned".`,
      );
    }
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const [, time = null, features] = x;
    const { maxLength = Number.POSITIVE_INFINITY } = this.options;
    const built = this.inputShapes[0]?.at(-1);
    if (x.length !== 3 || typeof features !== "number" || (built !== undefined && built !== features)) {
      throw new ShapeError(
        `Cannot run Positions "${this.name}" on shape ${showShape(x)}: it reads [batch, time, ${built ?? "a known number of"} features].`,
      );
    }
    if (time !== null && time > maxLength) {
      throw new ShapeError(
        `Cannot run Positions "${this.name}" on ${time} steps: it learns ${maxLength} positions. Raise maxLength, or take encoding: "sinusoidal".`,
      );
    }
    return x;
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { encoding, maxLength = 0, embeddingsInitializer = "randomUniform" } = this.options;
    if (encoding !== "learned") return;
    this.embeddings = this.addParameter("embeddings", [maxLength, x.at(-1) as number], { initializer: embeddingsInitializer });
  }

  call([input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const x = input as Tensor;
    this.outputShape([x.shape]); // a free length may turn out too long
    const [, T, I] = x.shape as [number, number, number];
    return oneOutput(add(x, this.embeddings ? slice(this.embeddings.tensor, 0, T) : this.sinusoids(T, I)), masks[0]);
  }

  /** [T, I], kept for the next call of the same length. */
  private sinusoids(T: number, I: number): Tensor {
    if (this.waves?.shape[0] === T) return this.waves;
    const data = new Float64Array(T * I);
    for (let t = 0; t < T; t++) {
      for (let k = 0; k < I; k++) {
        const angle = t / 10_000 ** ((k - (k % 2)) / I);
        data[t * I + k] = k % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
      }
    }
    this.waves = tensor(data, [T, I], { backend: this.backend });
    return this.waves;
  }
}

/**
 * Adds to each step where it stands.
 * @throws {ValueError} when "learned" has no maxLength, or "sinusoidal" has one; {ShapeError} for more steps than maxLength.
 * @example sequential([dense({ units: 32 }), positions(), transformerBlock({ heads: 4 })])
 */
export function positions(options: PositionsOptions = {}): Positions {
  return new Positions(knownOptions("Positions", options, positionsNames));
}
