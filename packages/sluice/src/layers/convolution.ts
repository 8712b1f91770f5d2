import { convolution } from "../autograd/ops/convolution.ts";
import type { WindowOptions, WindowPadding } from "../autograd/ops/window.ts";
import { ValueError } from "../errors.ts";
import type { ConstraintSpec } from "../initializers/constraints.ts";
import type { InitializerSpec } from "../initializers/initializers.ts";
import type { RegularizerSpec } from "../initializers/regularizers.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { checkCount } from "./cells/cell-options.ts";
import { activateOutput, checkOutputActivation, type OutputActivationName } from "./dense.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import type { Parameter } from "./parameter.ts";
import { checkChoice, gridOf, type PerAxis, perAxis, windowCounts } from "./window-options.ts";

/** Options of `conv1d`, `conv2d` and `conv3d`; defaults as in Keras 3. Channels are the last axis. */
export interface ConvolutionOptions extends LayerOptions {
  /** F, the number of channels given. */
  readonly filters: number;
  /** Size of the window; one number for all axes, or one for each. */
  readonly kernelSize: PerAxis;
  /** Positions from one window to the next. Default 1. */
  readonly strides?: PerAxis;
  /** "valid": windows lie inside; "same": zeros around, so that stride 1 keeps the sizes; "causal" (conv1d): zeros before. Default "valid". */
  readonly padding?: WindowPadding;
  /** Positions from one element of the window to the next. Default 1; not together with strides above 1. */
  readonly dilationRate?: PerAxis;
  /** Default "linear". */
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

const convolutionNames: NamesOf<ConvolutionOptions> = {
  ...layerNames,
  filters: true,
  kernelSize: true,
  strides: true,
  padding: true,
  dilationRate: true,
  activation: true,
  useBias: true,
  kernelInitializer: true,
  biasInitializer: true,
  kernelRegularizer: true,
  biasRegularizer: true,
  kernelConstraint: true,
  biasConstraint: true,
};

/** How the windows of a convolution move. */
export interface ConvolutionWindows extends Required<WindowOptions> {
  readonly kernelSize: readonly number[];
}

/** The options that say where windows lie, over `rank` axes. @throws {ValueError} for values outside their rules. */
export function convolutionWindows(
  options: Pick<ConvolutionOptions, "kernelSize" | "strides" | "padding" | "dilationRate">,
  rank: number,
  type: string,
): ConvolutionWindows {
  const { padding = "valid" } = options;
  checkChoice(padding, rank === 1 ? ["valid", "same", "causal"] : ["valid", "same"], type, "padding");
  const kernelSize = perAxis(options.kernelSize, rank, type, "kernelSize");
  const strides = perAxis(options.strides ?? 1, rank, type, "strides");
  const dilationRate = perAxis(options.dilationRate ?? 1, rank, type, "dilationRate");
  if (strides.some((stride) => stride > 1) && dilationRate.some((rate) => rate > 1)) {
    throw new ValueError(`Cannot make ${type} with strides and dilationRate both above 1: choose one of them.`);
  }
  return { kernelSize, strides, dilationRate, padding };
}

/**
 * y = activation(x ∗ W + b) over the axes between batch and channels [LeCun et al. 1989, doi:10.1162/neco.1989.1.4.541].
 *
 *     y[p, f] = Σ_q Σ_c x[p · stride + q · dilation − before, c] W[q, c, f] + b[f]
 *
 * x [B, …D, I], W = kernel [...kernelSize, I, F], b = bias [F] → y [B, …windows, F].
 * A mask [B, T] of a 1-D input: masked steps are read as 0, and the mask passes on where the length stays.
 */
abstract class Convolution extends Layer<ConvolutionOptions> {
  private readonly rank: number;
  private readonly windows: ConvolutionWindows;
  kernel!: Parameter;
  bias: Parameter | null = null;

  constructor(options: ConvolutionOptions, rank: number) {
    super(options, `conv${rank}d`);
    this.rank = rank;
    checkCount(options.filters, `Conv${rank}D`, "filters");
    checkOutputActivation(options.activation ?? "linear", `Conv${rank}D`);
    this.windows = convolutionWindows(options, rank, `Conv${rank}D`);
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const counts = windowCounts(gridOf(this, x, this.rank), this.windows.kernelSize, this.windows);
    return [x[0] ?? null, ...counts, this.options.filters];
  }

  protected override buildParameters([x = []]: readonly SymbolicShape[]): void {
    const { filters, useBias = true, kernelInitializer = "glorotUniform", biasInitializer = "zeros" } = this.options;
    const { kernelRegularizer, biasRegularizer, kernelConstraint, biasConstraint } = this.options;
    this.kernel = this.addParameter("kernel", [...this.windows.kernelSize, x.at(-1) as number, filters], {
      initializer: kernelInitializer,
      regularizer: kernelRegularizer,
      constraint: kernelConstraint,
    });
    if (!useBias) return;
    this.bias = this.addParameter("bias", [filters], {
      initializer: biasInitializer,
      regularizer: biasRegularizer,
      constraint: biasConstraint,
    });
  }

  call([x]: readonly Tensor[], { masks }: CallContext): CallResult {
    const mask = (this.rank === 1 && masks[0]) || null;
    const seen = withoutPadding(x as Tensor, mask);
    const y = convolution(seen, this.kernel.tensor, this.bias?.tensor ?? null, this.windows);
    const output = activateOutput(this.options.activation ?? "linear", y);
    return oneOutput(output, mask && mask.shape[1] === y.shape[1] ? mask : null);
  }
}

/** Convolution along one axis. Equation: see `Convolution`. */
export class Conv1D extends Convolution {
  readonly type: string = "Conv1D";

  constructor(options: ConvolutionOptions) {
    super(options, 1);
  }
}

/** Convolution over images. Equation: see `Convolution`. */
export class Conv2D extends Convolution {
  readonly type: string = "Conv2D";

  constructor(options: ConvolutionOptions) {
    super(options, 2);
  }
}

/** Convolution over volumes. Equation: see `Convolution`. */
export class Conv3D extends Convolution {
  readonly type: string = "Conv3D";

  constructor(options: ConvolutionOptions) {
    super(options, 3);
  }
}

/**
 * Convolution along time: y[p, f] = Σ_q Σ_c x[p · stride + q · dilation − before, c] W[q, c, f] + b[f].
 * x [B, T, I] → [B, windows, filters]; W = kernel [kernelSize, I, filters].
 * @throws {ValueError} for a value outside its rule, and for strides together with dilation.
 * @example sequential([conv1d({ filters: 32, kernelSize: 5, padding: "causal", activation: "relu" }), lstm({ units: 32 })])
 */
export function conv1d(options: ConvolutionOptions): Conv1D {
  return new Conv1D(knownOptions("Conv1D", options, convolutionNames));
}

/**
 * The same over images: x [B, height, width, I] → [B, rows, columns, filters].
 * @throws {ValueError} as `conv1d`; "causal" padding has a meaning in 1-D alone.
 * @example timeDistributed(conv2d({ filters: 16, kernelSize: 3, padding: "same" })) // a CNN for each frame [B, T, h, w, c]
 */
export function conv2d(options: ConvolutionOptions): Conv2D {
  return new Conv2D(knownOptions("Conv2D", options, convolutionNames));
}

/** The same over volumes: x [B, depth, height, width, I] → [B, …windows, filters]. @example conv3d({ filters: 8, kernelSize: [3, 5, 5] }) */
export function conv3d(options: ConvolutionOptions): Conv3D {
  return new Conv3D(knownOptions("Conv3D", options, convolutionNames));
}
