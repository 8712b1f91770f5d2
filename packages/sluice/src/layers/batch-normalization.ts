import { add, divide, maximum, multiply, sqrt, square, subtract } from "../autograd/ops/elementwise.ts";
import { sum } from "../autograd/ops/reduce.ts";
import { reshape } from "../autograd/ops/shape.ts";
import { ValueError } from "../errors.ts";
import type { InitializerSpec } from "../initializers/initializers.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, oneOutput, type SymbolicShape } from "./layer.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import { Normalization, type NormalizationOptions, normalizationNames } from "./normalization.ts";
import { knownOptions, type NamesOf } from "./option-names.ts";
import { ownChange } from "./own-changes.ts";
import type { Parameter } from "./parameter.ts";
import { checkMask } from "./recurrent-layer.ts";
import { spread } from "./scan.ts";

/** Options of `batchNormalization`. */
export interface BatchNormalizationOptions extends NormalizationOptions {
  /** Share of the old running statistics that a training step keeps, in [0, 1). Default 0.99. */
  readonly momentum?: number;
  /** Default "zeros". */
  readonly movingMeanInitializer?: InitializerSpec;
  /** Default "ones". */
  readonly movingVarianceInitializer?: InitializerSpec;
}

const batchNormalizationNames: NamesOf<BatchNormalizationOptions> = {
  ...normalizationNames,
  momentum: true,
  movingMeanInitializer: true,
  movingVarianceInitializer: true,
};

/**
 * Batch normalization [Ioffe & Szegedy 2015, arXiv:1502.03167], of a sequence over batch and time together, as between the layers
 * of [Li et al. 2018, arXiv:1803.04831]:
 *
 *     y = (x − mean) / sqrt(variance + epsilon) ⊙ gamma + beta
 *
 * x [B, …, I], gamma and beta [I]. In training mean and variance are those of each feature over all rows and, where a mask is
 * given, over the steps that are used; the variance divides by their number. movingMean and movingVariance [I] follow them, are
 * saved as weights that no optimizer moves, and stand for them in prediction and, as in Keras, where gamma and beta are frozen.
 */
export class BatchNormalization extends Normalization<BatchNormalizationOptions> {
  readonly type: string = "BatchNormalization";
  movingMean!: Parameter;
  movingVariance!: Parameter;

  constructor(options: BatchNormalizationOptions) {
    super(options, "batchNormalization", "BatchNormalization");
    const { momentum = 0.99 } = options;
    if (!(momentum >= 0 && momentum < 1)) {
      throw new ValueError(`Cannot make BatchNormalization with momentum ${momentum}: it is a number from 0 to below 1.`);
    }
  }

  protected override buildParameters(inputs: readonly SymbolicShape[]): void {
    super.buildParameters(inputs);
    const { movingMeanInitializer = "zeros", movingVarianceInitializer = "ones" } = this.options;
    const shape = [inputs[0]?.at(-1) as number];
    this.movingMean = this.addParameter("movingMean", shape, { initializer: movingMeanInitializer, trainable: false });
    this.movingVariance = this.addParameter("movingVariance", shape, {
      initializer: movingVarianceInitializer,
      trainable: false,
    });
  }

  call([input]: readonly Tensor[], { training, masks }: CallContext): CallResult {
    const x = input as Tensor;
    const mask = masks[0] ?? null;
    if (mask) checkMask(this, mask, x);
    if (!training || this.frozen || x.size === 0) {
      const factor = this.factor(this.movingVariance.tensor);
      const shift = subtract(this.beta?.tensor ?? 0, multiply(this.movingMean.tensor, factor));
      return oneOutput(add(multiply(x, factor), shift), mask);
    }
    const seen = withoutPadding(x, mask);
    const { mean, variance, centered } = moments(seen, mask);
    this.follow(this.movingMean, mean);
    this.follow(this.movingVariance, variance);
    const y = multiply(centered, this.factor(variance));
    return oneOutput(this.beta ? add(y, this.beta.tensor) : y, mask);
  }

  private get frozen(): boolean {
    const learned = [this.gamma, this.beta].filter((each) => each !== null);
    return this.options.trainable === false || (learned.length > 0 && learned.every(({ trainable }) => !trainable));
  }

  /** gamma / sqrt(variance + epsilon). */
  private factor(variance: Tensor): Tensor {
    return divide(this.gamma?.tensor ?? 1, sqrt(add(variance, this.epsilon)));
  }

  private follow({ tensor }: Parameter, now: Tensor): void {
    const { momentum = 0.99 } = this.options;
    const next = add(multiply(tensor, momentum), multiply(now, 1 - momentum));
    const row = { offset: 0, strides: [1] };
    ownChange(() => tensor.backend.kernels.copy(next.storage, row, tensor.storage, row, tensor.shape, false));
  }
}

/** Mean and variance [I] of each feature over the used steps of x [B, …, I], 0 where it is masked, and x − mean. */
function moments(
  x: Tensor,
  mask: Tensor | null,
): { readonly mean: Tensor; readonly variance: Tensor; readonly centered: Tensor } {
  const features = x.shape.at(-1) as number;
  const rows = x.size / features;
  const uses = mask && reshape(spread(mask, x.shape.slice(0, -1)), [rows, 1]);
  const count = uses ? maximum(sum(uses), 1) : rows; // a batch without a step counts as one of zeros
  const mean = divide(sum(reshape(x, [rows, features]), { axis: 0 }), count);
  const centered = subtract(x, mean);
  const squares = square(reshape(centered, [rows, features]));
  const variance = divide(sum(uses ? multiply(squares, uses) : squares, { axis: 0 }), count);
  return { mean, variance, centered };
}

/**
 * Brings each feature to mean 0 and variance 1 over the batch and its time steps, then scales and shifts it; in prediction by
 * running statistics, so that a row does not depend on those beside it.
 * @throws {ValueError} when epsilon is not above 0, or momentum outside [0, 1).
 * @example sequential([indRnn({ units: 64, returnSequences: true, inputShape: [null, 3] }), batchNormalization(), indRnn({ units: 64 })])
 */
export function batchNormalization(options: BatchNormalizationOptions = {}): BatchNormalization {
  return new BatchNormalization(knownOptions("BatchNormalization", options, batchNormalizationNames));
}
