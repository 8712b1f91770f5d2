import { divide, maximum, where } from "../autograd/ops/elementwise.ts";
import { max, sum } from "../autograd/ops/reduce.ts";
import { expandDims } from "../autograd/ops/shape.ts";
import { sizeOf } from "../tensor/shape.ts";
import { full, type Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import { knownOptions, layerNames } from "./option-names.ts";
import { spread } from "./scan.ts";
import { gridOf } from "./window-options.ts";

/** Options of the global pooling layers. */
export interface GlobalPoolingOptions extends LayerOptions {}

/** One number for each channel, over all positions: x [B, …D, C] → [B, C]. Masked steps do not count; a row of none gives 0. */
abstract class GlobalPooling extends Layer<GlobalPoolingOptions> {
  private readonly rank: number;

  constructor(options: GlobalPoolingOptions, kind: string, rank: number) {
    super(options, `${kind}${rank}d`);
    this.rank = rank;
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    gridOf(this, x, this.rank);
    return [x[0] ?? null, x.at(-1) as number];
  }

  call([input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const x = input as Tensor;
    const axes = x.shape.slice(1, -1).map((_, k) => k + 1);
    return oneOutput(this.pool(x, axes, (this.rank === 1 && masks[0]) || null));
  }

  protected abstract pool(x: Tensor, axes: readonly number[], mask: Tensor | null): Tensor;
}

/** The mean over all positions. */
abstract class GlobalAveragePooling extends GlobalPooling {
  constructor(options: GlobalPoolingOptions, rank: number) {
    super(options, "globalAveragePooling", rank);
  }

  protected pool(x: Tensor, axes: readonly number[], mask: Tensor | null): Tensor {
    const total = sum(withoutPadding(x, mask), { axis: axes });
    if (!mask) return divide(total, sizeOf(x.shape.slice(1, -1)));
    return divide(total, expandDims(maximum(sum(mask, { axis: 1 }), 1), 1));
  }
}

/** The largest number over all positions; where two are equal, they share the gradient. */
abstract class GlobalMaxPooling extends GlobalPooling {
  constructor(options: GlobalPoolingOptions, rank: number) {
    super(options, "globalMaxPooling", rank);
  }

  protected pool(x: Tensor, axes: readonly number[], mask: Tensor | null): Tensor {
    if (!mask) return max(x, { axis: axes });
    const like = { backend: x.backend };
    const largest = max(where(spread(mask, x.shape), x, full(x.shape, Number.NEGATIVE_INFINITY, like)), { axis: axes });
    return where(spread(max(mask, { axis: 1 }), largest.shape), largest, full(largest.shape, 0, like));
  }
}

/** The mean over time. */
export class GlobalAveragePooling1D extends GlobalAveragePooling {
  readonly type: string = "GlobalAveragePooling1D";

  constructor(options: GlobalPoolingOptions) {
    super(options, 1);
  }
}

/** The mean over an image. */
export class GlobalAveragePooling2D extends GlobalAveragePooling {
  readonly type: string = "GlobalAveragePooling2D";

  constructor(options: GlobalPoolingOptions) {
    super(options, 2);
  }
}

/** The largest number over time. */
export class GlobalMaxPooling1D extends GlobalMaxPooling {
  readonly type: string = "GlobalMaxPooling1D";

  constructor(options: GlobalPoolingOptions) {
    super(options, 1);
  }
}

/** The largest number of an image. */
export class GlobalMaxPooling2D extends GlobalMaxPooling {
  readonly type: string = "GlobalMaxPooling2D";

  constructor(options: GlobalPoolingOptions) {
    super(options, 2);
  }
}

/** The mean over a volume. */
export class GlobalAveragePooling3D extends GlobalAveragePooling {
  readonly type: string = "GlobalAveragePooling3D";

  constructor(options: GlobalPoolingOptions) {
    super(options, 3);
  }
}

/** The largest number of a volume. */
export class GlobalMaxPooling3D extends GlobalMaxPooling {
  readonly type: string = "GlobalMaxPooling3D";

  constructor(options: GlobalPoolingOptions) {
    super(options, 3);
  }
}

/** The mean over time, of the steps that are used: [B, T, C] → [B, C]. @example globalAveragePooling1d() */
export function globalAveragePooling1d(options: GlobalPoolingOptions = {}): GlobalAveragePooling1D {
  return new GlobalAveragePooling1D(knownOptions("GlobalAveragePooling1D", options, layerNames));
}

/** The mean over an image: [B, h, w, C] → [B, C]. @example globalAveragePooling2d() */
export function globalAveragePooling2d(options: GlobalPoolingOptions = {}): GlobalAveragePooling2D {
  return new GlobalAveragePooling2D(knownOptions("GlobalAveragePooling2D", options, layerNames));
}

/** The largest number over time, of the steps that are used: [B, T, C] → [B, C]. @example globalMaxPooling1d() */
export function globalMaxPooling1d(options: GlobalPoolingOptions = {}): GlobalMaxPooling1D {
  return new GlobalMaxPooling1D(knownOptions("GlobalMaxPooling1D", options, layerNames));
}

/** The largest number of an image: [B, h, w, C] → [B, C]. @example globalMaxPooling2d() */
export function globalMaxPooling2d(options: GlobalPoolingOptions = {}): GlobalMaxPooling2D {
  return new GlobalMaxPooling2D(knownOptions("GlobalMaxPooling2D", options, layerNames));
}

/** The mean over a volume: [B, d, h, w, C] → [B, C]. @example globalAveragePooling3d() */
export function globalAveragePooling3d(options: GlobalPoolingOptions = {}): GlobalAveragePooling3D {
  return new GlobalAveragePooling3D(knownOptions("GlobalAveragePooling3D", options, layerNames));
}

/** The largest number of a volume: [B, d, h, w, C] → [B, C]. @example globalMaxPooling3d() */
export function globalMaxPooling3d(options: GlobalPoolingOptions = {}): GlobalMaxPooling3D {
  return new GlobalMaxPooling3D(knownOptions("GlobalMaxPooling3D", options, layerNames));
}
