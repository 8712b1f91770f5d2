import { tanh } from "../../autograd/ops/elementwise.ts";
import { linear, matmul } from "../../autograd/ops/matmul.ts";
import { expandDims, reshape, squeeze } from "../../autograd/ops/shape.ts";
import { ShapeError } from "../../errors.ts";
import type { InitializerSpec } from "../../initializers/initializers.ts";
import { showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { checkCount } from "../cells/cell-options.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, type SymbolicShape } from "../layer.ts";
import { withoutPadding } from "../linear-recurrence.ts";
import { knownOptions, layerNames, type NamesOf } from "../option-names.ts";
import type { Parameter } from "../parameter.ts";
import { checkMask } from "../recurrent-layer.ts";
import { attentionWeights } from "./attend.ts";

/** Options of `attentionPooling`. */
export interface AttentionPoolingOptions extends LayerOptions {
  /** U, the size in which steps are compared. Default: the features, I. */
  readonly units?: number;
  /** Give the weights of the steps, [B, T], as a second output. Default false. */
  readonly returnWeights?: boolean;
  /** Default true. */
  readonly useBias?: boolean;
  /** Of `kernel` and `query`. Default "glorotUniform". */
  readonly kernelInitializer?: InitializerSpec;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerSpec;
}

const attentionPoolingNames: NamesOf<AttentionPoolingOptions> = {
  ...layerNames,
  units: true,
  returnWeights: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
};

/**
 * One vector for a sequence: its steps, weighted by how well each answers a learned query [Yang et al. 2016, "Hierarchical attention
 * networks", doi:10.18653/v1/N16-1174; without a bias Lin et al. 2017, arXiv:1703.03130].
 *
 *     a = softmax_t(u · tanh(x_t W + b))      y = Σ_t a_t x_t
 *
 * Shapes: x [B, T, I] → [B, I]; W = kernel [I, U], b = bias [U], u = query [U]. Masked steps do not count; a row of none gives 0.
 */
export class AttentionPooling extends Layer<AttentionPoolingOptions> {
  readonly type: string = "AttentionPooling";
  kernel!: Parameter;
  bias: Parameter | null = null;
  query!: Parameter;

  constructor(options: AttentionPoolingOptions) {
    super(options, "attentionPooling");
    if (options.units !== undefined) checkCount(options.units, "AttentionPooling", "units");
  }

  override outputShape(inputs: readonly SymbolicShape[]): SymbolicShape {
    return this.outputShapes(inputs)[0] as SymbolicShape;
  }

  override outputShapes([x = []]: readonly SymbolicShape[]): readonly SymbolicShape[] {
    const [batch = null, time = null, features] = x;
    const built = this.inputShapes[0]?.at(-1);
    if (x.length !== 3 || typeof features !== "number" || (built !== undefined && built !== features)) {
      throw new ShapeError(
        `Cannot run AttentionPooling "${this.name}" on shape ${showShape(x)}: it reads [batch, time, ${built ?? "a known number of"} features]. ` +
          "A recurrent layer before it needs returnSequences.",
      );
    }
    const pooled = [batch, features];
    return this.options.returnWeights ? [pooled, [batch, time]] : [pooled];
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const features = x.at(-1) as number;
    const { units = features, useBias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = this.options;
    this.kernel = this.addParameter("kernel", [features, units], { initializer: kernelInitializer });
    if (useBias) this.bias = this.addParameter("bias", [units], { initializer: biasInitializer });
    this.query = this.addParameter("query", [units], { initializer: kernelInitializer });
  }

  call([input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const mask = masks[0] ?? null;
    if (mask) checkMask(this, mask, input as Tensor);
    const x = withoutPadding(input as Tensor, mask);
    const said = tanh(linear(x, this.kernel.tensor, this.bias?.tensor ?? null));
    const scores = squeeze(linear(said, reshape(this.query.tensor, [-1, 1])), -1);
    const weights = attentionWeights(scores, mask);
    const pooled = squeeze(matmul(expandDims(weights, 1), x), 1);
    return this.options.returnWeights
      ? { outputs: [pooled, weights], masks: [null, null] }
      : { outputs: [pooled], masks: [null] };
  }
}

/**
 * The weighted mean of a sequence, with weights that are learned: [B, T, I] → [B, I].
 * @throws {ValueError} when units is not a whole number ≥ 1.
 * @example sequential([lstm({ units: 32, returnSequences: true }), attentionPooling(), dense({ units: 3, activation: "softmax" })])
 */
export function attentionPooling(options: AttentionPoolingOptions = {}): AttentionPooling {
  return new AttentionPooling(knownOptions("AttentionPooling", options, attentionPoolingNames));
}
