import { layerNorm } from "../autograd/ops/layer-norm.ts";
import { ShapeError, ValueError } from "../errors.ts";
import type { ConstraintSpec } from "../initializers/constraints.ts";
import type { InitializerSpec } from "../initializers/initializers.ts";
import type { RegularizerSpec } from "../initializers/regularizers.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";

/** Options of `layerNormalization`; defaults as in Keras 3. */
export interface LayerNormalizationOptions extends LayerOptions {
  /** Added to the variance, so that a constant row does not divide by 0. Default 1e-3. */
  readonly epsilon?: number;
  /** Learn a shift, beta. Default true. */
  readonly center?: boolean;
  /** Learn a scale, gamma. Default true. */
  readonly scale?: boolean;
  /** Default "zeros". */
  readonly betaInitializer?: InitializerSpec;
  /** Default "ones". */
  readonly gammaInitializer?: InitializerSpec;
  readonly betaRegularizer?: RegularizerSpec | null;
  readonly gammaRegularizer?: RegularizerSpec | null;
  readonly betaConstraint?: ConstraintSpec | null;
  readonly gammaConstraint?: ConstraintSpec | null;
}

const layerNormalizationNames: NamesOf<LayerNormalizationOptions> = {
  ...layerNames,
  epsilon: true,
  center: true,
  scale: true,
  betaInitializer: true,
  gammaInitializer: true,
  betaRegularizer: true,
  gammaRegularizer: true,
  betaConstraint: true,
  gammaConstraint: true,
};

/**
 * Layer normalization over the last axis [Ba, Kiros & Hinton 2016, arXiv:1607.06450]:
 *
 *     y = (x − mean) / sqrt(variance + epsilon) ⊙ gamma + beta
 *
 * x [B, …, I], gamma and beta [I].
 */
export class LayerNormalization extends Layer<LayerNormalizationOptions> {
  readonly type: string = "LayerNormalization";
  gamma: Parameter | null = null;
  beta: Parameter | null = null;

  constructor(options: LayerNormalizationOptions) {
    super(options, "layerNormalization");
    const { epsilon = 1e-3 } = options;
    if (!(epsilon > 0)) throw new ValueError(`Cannot make LayerNormalization with epsilon ${epsilon}: it is a number above 0.`);
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const built = this.inputShapes[0]?.at(-1);
    if (x.length < 2 || typeof x.at(-1) !== "number" || (built !== undefined && built !== x.at(-1))) {
      throw new ShapeError(
        `Cannot run LayerNormalization "${this.name}" on shape ${showShape(x)}: it reads [batch, …, ${built ?? "a known number of"} features].`,
      );
    }
    return x;
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { center = true, scale = true, betaInitializer = "zeros", gammaInitializer = "ones" } = this.options;
    const { betaRegularizer, gammaRegularizer, betaConstraint, gammaConstraint } = this.options;
    const shape = [x.at(-1) as number];
    if (scale) {
      this.gamma = this.addParameter("gamma", shape, {
        initializer: gammaInitializer,
        regularizer: gammaRegularizer,
        constraint: gammaConstraint,
      });
    }
    if (center) {
      this.beta = this.addParameter("beta", shape, {
        initializer: betaInitializer,
        regularizer: betaRegularizer,
        constraint: betaConstraint,
      });
    }
  }

  call([x]: readonly Tensor[], { masks }: CallContext): CallResult {
    const { epsilon = 1e-3 } = this.options;
    return oneOutput(layerNorm(x as Tensor, this.gamma?.tensor ?? null, this.beta?.tensor ?? null, epsilon), masks[0]);
  }
}

/** Brings each row of features to mean 0 and variance 1, then scales and shifts it. @example layerNormalization({ epsilon: 1e-5 }) */
export function layerNormalization(options: LayerNormalizationOptions = {}): LayerNormalization {
  return new LayerNormalization(knownOptions("LayerNormalization", options, layerNormalizationNames));
}
