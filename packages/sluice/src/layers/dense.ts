import { activate } from "../autograd/ops/elementwise.ts";
import { linear } from "../autograd/ops/matmul.ts";
import { softmax } from "../autograd/ops/softmax.ts";
import type { ActivationName } from "../backend/kernels.ts";
import { ShapeError } from "../errors.ts";
import type { ConstraintSpec } from "../initializers/constraints.ts";
import type { InitializerSpec } from "../initializers/initializers.ts";
import type { RegularizerSpec } from "../initializers/regularizers.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkActivation, checkCount } from "./cells/cell-options.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";

/** An activation of a whole layer: one that works on each number, or "softmax" over the last axis. */
export type OutputActivationName = ActivationName | "softmax";

/** @throws {ValueError} for an unknown name. */
export function checkOutputActivation(name: string, type: string): void {
  checkActivation(name, type, "activation", ["softmax"]);
}

/** f(x). */
export function activateOutput(name: OutputActivationName, x: Tensor): Tensor {
  return name === "softmax" ? softmax(x) : activate(name, x);
}

/** Options of `dense`; defaults as in Keras 3. */
export interface DenseOptions extends LayerOptions {
  /** O, the size of the output's last axis. */
  readonly units: number;
  /** Default "linear": y as it is. */
  readonly activation?: OutputActivationName;
  /** Default true. */
  readonly useBias?: boolean;
  /** Default "glorotUniform". */
  readonly kernelInitializer?: InitializerSpec;
  /** Default "zeros". */
  readonly biasInitializer?: InitializerSpec;
  readonly kernelRegularizer?: RegularizerSpec | null;
  readonly biasRegularizer?: RegularizerSpec | null;
  readonly kernelConstraint?: ConstraintSpec | null;
  readonly biasConstraint?: ConstraintSpec | null;
}

const denseNames: NamesOf<DenseOptions> = {
  ...layerNames,
  units: true,
  activation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  kernelRegularizer: true,
  biasRegularizer: true,
  kernelConstraint: true,
  biasConstraint: true,
};

/** y = activation(x W + b) over the last axis.   x [B, …, I], W = kernel [I, O], b = bias [O] → y [B, …, O]. */
export class Dense extends Layer<DenseOptions> {
  readonly type: string = "Dense";
  kernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: DenseOptions) {
    super(options, "dense");
    checkCount(options.units, "Dense", "units");
    checkOutputActivation(options.activation ?? "linear", "Dense");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const features = x.at(-1);
    const built = this.inputShapes[0]?.at(-1);
    if (x.length < 2 || typeof features !== "number" || (built !== undefined && features !== built)) {
      throw new ShapeError(
        `Cannot run Dense "${this.name}" on shape ${showShape(x)}: it reads [batch, …, ${built ?? "a known number of"} features]. ` +
          "Reshape the input so that its last axis holds the features.",
      );
    }
    return x.with(-1, this.options.units);
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { units, useBias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = this.options;
    const { kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } = this.options;
    this.kernel = this.addParameter("kernel", [x.at(-1) as number, units], {
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    });
    if (!useBias) return;
    this.bias = this.addParameter("bias", [units], {
      initializer: biasInitializer,
      regularizer: biasRegularizer,
      constraint: biasConstraint,
    });
  }

  call([x]: readonly Tensor[], { masks }: CallContext): CallResult {
    const { activation = "linear" } = this.options;
    const y = linear(x as Tensor, this.kernel.tensor, this.bias?.tensor ?? null);
    return oneOutput(activateOutput(activation, y), masks[0]);
  }
}

/**
 * A fully connected layer over the last axis; on a sequence it does the same at each step.
 * @throws {ValueError} when units is not a whole number ≥ 1, or the activation is unknown.
 * @example dense({ units: 10, activation: "softmax" }) // [B, I] → [B, 10]
 */
export function dense(options: DenseOptions): Dense {
  return new Dense(knownOptions("Dense", options, denseNames));
}
