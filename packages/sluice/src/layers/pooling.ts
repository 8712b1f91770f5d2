import { patches } from "../autograd/ops/convolution.ts";
import { divide } from "../autograd/ops/elementwise.ts";
import { max, mean, sum } from "../autograd/ops/reduce.ts";
import { ones, type Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { checkChoice, gridOf, type PerAxis, perAxis, windowCounts } from "./window-options.ts";

/** Options of the pooling layers; defaults as in Keras 3. */
export interface PoolingOptions extends LayerOptions {
  /** Size of the window; one number for all axes, or one for each. Default 2. */
  readonly poolSize?: PerAxis;
  /** Positions from one window to the next. Default `poolSize`: windows side by side. */
  readonly strides?: PerAxis;
  /** "same" lets windows reach over the ends, and what lies there does not count. Default "valid". */
  readonly padding?: "valid" | "same";
}

const poolingNames: NamesOf<PoolingOptions> = { ...layerNames, poolSize: true, strides: true, padding: true };

/** One number for each window and channel: x [B, …D, C] → [B, …windows, C]. A mask ends here: the length changes. */
abstract class Pooling extends Layer<PoolingOptions> {
  private readonly rank: number;
  protected readonly poolSize: readonly number[];
  protected readonly windows: { readonly strides: readonly number[]; readonly padding: "valid" | "same" };

  constructor(options: PoolingOptions, kind: string, rank: number) {
    super(options, `${kind}${rank}d`);
    this.rank = rank;
    const { poolSize = 2, strides = poolSize, padding = "valid" } = options;
    checkChoice(padding, ["valid", "same"], this.name, "padding");
    this.poolSize = perAxis(poolSize, rank, this.name, "poolSize");
    this.windows = { strides: perAxis(strides, rank, this.name, "strides"), padding };
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    return [x[0] ?? null, ...windowCounts(gridOf(this, x, this.rank), this.poolSize, this.windows), x.at(-1) as number];
  }
}

/** The largest number of each window; where two are equal, they share the gradient. */
abstract class MaxPooling extends Pooling {
  constructor(options: PoolingOptions, rank: number) {
    super(options, "maxPooling", rank);
  }

  call([x]: readonly Tensor[], _context: CallContext): CallResult {
    return oneOutput(
      max(patches(x as Tensor, this.poolSize, { ...this.windows, value: Number.NEGATIVE_INFINITY }), { axis: -2 }),
    );
  }
}

/** The mean of each window. */
abstract class AveragePooling extends Pooling {
  constructor(options: PoolingOptions, rank: number) {
    super(options, "averagePooling", rank);
  }

  call([input]: readonly Tensor[], _context: CallContext): CallResult {
    const x = input as Tensor;
    const windows = patches(x, this.poolSize, this.windows);
    if (this.windows.padding === "valid") return oneOutput(mean(windows, { axis: -2 }));
    const inside = ones([1, ...x.shape.slice(1, -1), 1], { backend: x.backend });
    const counts = sum(patches(inside, this.poolSize, this.windows), { axis: -2 });
    return oneOutput(divide(sum(windows, { axis: -2 }), counts));
  }
}

/** The largest number of each window along one axis. */
export class MaxPooling1D extends MaxPooling {
  readonly type: string = "MaxPooling1D";

  constructor(options: PoolingOptions) {
    super(options, 1);
  }
}

/** The largest number of each window of an image. */
export class MaxPooling2D extends MaxPooling {
  readonly type: string = "MaxPooling2D";

  constructor(options: PoolingOptions) {
    super(options, 2);
  }
}

/** The mean of each window along one axis. */
export class AveragePooling1D extends AveragePooling {
  readonly type: string = "AveragePooling1D";

  constructor(options: PoolingOptions) {
    super(options, 1);
  }
}

/** The mean of each window of an image. */
export class AveragePooling2D extends AveragePooling {
  readonly type: string = "AveragePooling2D";

  constructor(options: PoolingOptions) {
    super(options, 2);
  }
}

/** The largest number of each window of a volume. */
export class MaxPooling3D extends MaxPooling {
  readonly type: string = "MaxPooling3D";

  constructor(options: PoolingOptions) {
    super(options, 3);
  }
}

/** The mean of each window of a volume. */
export class AveragePooling3D extends AveragePooling {
  readonly type: string = "AveragePooling3D";

  constructor(options: PoolingOptions) {
    super(options, 3);
  }
}

/** The largest number of each window: [B, T, C] → [B, windows, C]. @example maxPooling1d({ poolSize: 2 }) */
export function maxPooling1d(options: PoolingOptions = {}): MaxPooling1D {
  return new MaxPooling1D(knownOptions("MaxPooling1D", options, poolingNames));
}

/** The largest number of each window: [B, h, w, C] → [B, rows, columns, C]. @example maxPooling2d({ poolSize: [2, 4] }) */
export function maxPooling2d(options: PoolingOptions = {}): MaxPooling2D {
  return new MaxPooling2D(knownOptions("MaxPooling2D", options, poolingNames));
}

/** The mean of each window: [B, T, C] → [B, windows, C]. @example averagePooling1d({ poolSize: 7, strides: 1 }) */
export function averagePooling1d(options: PoolingOptions = {}): AveragePooling1D {
  return new AveragePooling1D(knownOptions("AveragePooling1D", options, poolingNames));
}

/** The mean of each window: [B, h, w, C] → [B, rows, columns, C]. @example averagePooling2d({ poolSize: 2 }) */
export function averagePooling2d(options: PoolingOptions = {}): AveragePooling2D {
  return new AveragePooling2D(knownOptions("AveragePooling2D", options, poolingNames));
}

/** The largest number of each window: [B, d, h, w, C] → [B, …windows, C]. @example maxPooling3d({ poolSize: [1, 2, 2] }) */
export function maxPooling3d(options: PoolingOptions = {}): MaxPooling3D {
  return new MaxPooling3D(knownOptions("MaxPooling3D", options, poolingNames));
}

/** The mean of each window: [B, d, h, w, C] → [B, …windows, C]. @example averagePooling3d({ poolSize: 2 }) */
export function averagePooling3d(options: PoolingOptions = {}): AveragePooling3D {
  return new AveragePooling3D(knownOptions("AveragePooling3D", options, poolingNames));
}
