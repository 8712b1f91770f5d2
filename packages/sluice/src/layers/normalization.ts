import { ShapeError, ValueError } from "../errors.ts";
import type { ConstraintSpec } from "../initializers/constraints.ts";
import type { InitializerSpec } from "../initializers/initializers.ts";
import type { RegularizerSpec } from "../initializers/regularizers.ts";
import { showShape } from "../tensor/shape.ts";
import { Layer, type LayerOptions, type SymbolicShape } from "./layer.ts";
import { layerNames, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";

/** Options of layers that normalize; defaults as in Keras 3. */
export interface NormalizationOptions extends LayerOptions {
  /** Added to the variance, so that what is constant does not divide by 0. Default 1e-3. */
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

export const normalizationNames: NamesOf<NormalizationOptions> = {
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

/** Layers that bring features to mean 0 and variance 1, and then scale them by gamma [I] and shift them by beta [I], both learned. */
export abstract class Normalization<O extends NormalizationOptions> extends Layer<O> {
  abstract override readonly type: string;
  gamma: Parameter | null = null;
  beta: Parameter | null = null;

  /** @throws {ValueError} when epsilon is not above 0. */
  constructor(options: O, defaultName: string, type: string) {
    super(options, defaultName);
    const { epsilon = 1e-3 } = options;
    if (!(epsilon > 0)) throw new ValueError(`Cannot make ${type} with epsilon ${epsilon}: it is a number above 0.`);
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const built = this.inputShapes[0]?.at(-1);
    if (x.length < 2 || typeof x.at(-1) !== "number" || (built !== undefined && built !== x.at(-1))) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on shape ${showShape(x)}: it reads [batch, …, ${built ?? "a known number of"} features].`,
      );
    }
    return x;
  }

  protected get epsilon(): number {
    return this.options.epsilon ?? 1e-3;
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
}
