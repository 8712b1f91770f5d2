import { broadcastTo, reshape } from "../autograd/ops/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { gridOf, type PerAxis, perAxis } from "./window-options.ts";

/** Options of the upsampling layers. */
export interface UpSamplingOptions extends LayerOptions {
  /** How often each position is repeated; one number for all axes, or one for each. Default 2. */
  readonly size?: PerAxis;
}

/** x [B, …D, C] with position k of an axis repeated sizes[k] times: [B, …D · size, C]. */
export function upSample(x: Tensor, sizes: readonly number[]): Tensor {
  const [B, C] = [x.shape[0] as number, x.shape.at(-1) as number];
  const grid = x.shape.slice(1, -1);
  const apart = reshape(x, [B, ...grid.flatMap((n) => [n, 1]), C]);
  const repeated = broadcastTo(apart, [B, ...grid.flatMap((n, k) => [n, sizes[k] as number]), C]);
  return reshape(repeated, [B, ...grid.map((n, k) => n * (sizes[k] as number)), C]);
}

/** Each position repeated (nearest neighbour). A mask ends here: the length changes. */
abstract class UpSampling extends Layer<UpSamplingOptions> {
  private readonly sizes: readonly number[];

  constructor(options: UpSamplingOptions, rank: number) {
    super(options, `upSampling${rank}d`);
    this.sizes = perAxis(options.size ?? 2, rank, `UpSampling${rank}D`, "size");
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const grid = gridOf(this, x, this.sizes.length).map((n, k) => (n === null ? null : n * (this.sizes[k] as number)));
    return [x[0] ?? null, ...grid, x.at(-1) as number];
  }

  call([x]: readonly Tensor[], _context: CallContext): CallResult {
    return oneOutput(upSample(x as Tensor, this.sizes));
  }
}

/** Each step repeated. */
export class UpSampling1D extends UpSampling {
  readonly type: string = "UpSampling1D";

  constructor(options: UpSamplingOptions) {
    super(options, 1);
  }
}

/** Each pixel repeated. */
export class UpSampling2D extends UpSampling {
  readonly type: string = "UpSampling2D";

  constructor(options: UpSamplingOptions) {
    super(options, 2);
  }
}

/** Each step repeated: [B, T, C] → [B, T · size, C]. @example upSampling1d({ size: 3 }) */
export function upSampling1d(options: UpSamplingOptions = {}): UpSampling1D {
  return new UpSampling1D(options);
}

/** Each pixel repeated: [B, h, w, C] → [B, h · size, w · size, C]. @example upSampling2d({ size: [2, 1] }) */
export function upSampling2d(options: UpSamplingOptions = {}): UpSampling2D {
  return new UpSampling2D(options);
}
