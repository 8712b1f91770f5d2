import { add, multiply } from "../autograd/ops/elementwise.ts";
import { broadcastTo, concat, reshape, slice, stack } from "../autograd/ops/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { checkChoice, gridOf, type PerAxis, perAxis } from "./window-options.ts";

/** Options of the upsampling layers. */
export interface UpSamplingOptions extends LayerOptions {
  /** How often each position is repeated; one number for all axes, or one for each. Default 2. */
  readonly size?: PerAxis;
}

const upSamplingNames: NamesOf<UpSamplingOptions> = { ...layerNames, size: true };

/** x [B, …D, C] with position k of an axis repeated sizes[k] times: [B, …D · size, C]. */
export function upSample(x: Tensor, sizes: readonly number[]): Tensor {
  const [B, C] = [x.shape[0] as number, x.shape.at(-1) as number];
  const grid = x.shape.slice(1, -1);
  const apart = reshape(x, [B, ...grid.flatMap((n) => [n, 1]), C]);
  const repeated = broadcastTo(apart, [B, ...grid.flatMap((n, k) => [n, sizes[k] as number]), C]);
  return reshape(repeated, [B, ...grid.map((n, k) => n * (sizes[k] as number)), C]);
}

/**
 * x [B, …D, C] with one axis k of D stretched `size` times: position i gives `size` places inside it, and a place reads the two
 * positions whose middles it stands between, by its distance from them; beyond the first and last middle it reads the one there is.
 */
function stretched(x: Tensor, k: number, size: number): Tensor {
  const axis = k + 1;
  const n = x.shape[axis] as number;
  const ends = (from: number, to: number): Tensor => slice(x, from, to, { axis });
  const before = concat([ends(0, 1), ends(0, n - 1)], { axis });
  const after = concat([ends(1, n), ends(n - 1, n)], { axis });
  const places = Array.from({ length: size }, (_, place) => {
    const distance = (place + 0.5) / size - 0.5; // from the middle of the position, in positions
    const share = Math.abs(distance);
    return share === 0 ? x : add(multiply(x, 1 - share), multiply(distance < 0 ? before : after, share));
  });
  return reshape(
    stack(places, { axis: axis + 1 }),
    x.shape.map((length, a) => (a === axis ? length * size : length)),
  );
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
    return oneOutput(this.stretch(x as Tensor, this.sizes));
  }

  protected stretch(x: Tensor, sizes: readonly number[]): Tensor {
    return upSample(x, sizes);
  }
}

/** Each step repeated. */
export class UpSampling1D extends UpSampling {
  readonly type: string = "UpSampling1D";

  constructor(options: UpSamplingOptions) {
    super(options, 1);
  }
}

/** Options of `upSampling2d`. */
export interface UpSampling2DOptions extends UpSamplingOptions {
  /** "nearest" repeats each pixel; "bilinear" blends the four around a place, by their distance from it. Default "nearest". */
  readonly interpolation?: "nearest" | "bilinear";
}

const upSampling2DNames: NamesOf<UpSampling2DOptions> = { ...upSamplingNames, interpolation: true };

/** Each pixel repeated, or blended with its neighbours. */
export class UpSampling2D extends UpSampling {
  readonly type: string = "UpSampling2D";
  private readonly blends: boolean;

  constructor(options: UpSampling2DOptions) {
    super(options, 2);
    const { interpolation = "nearest" } = options;
    checkChoice(interpolation, ["nearest", "bilinear"], "UpSampling2D", "interpolation");
    this.blends = interpolation === "bilinear";
  }

  protected override stretch(x: Tensor, sizes: readonly number[]): Tensor {
    return this.blends ? sizes.reduce((y, size, k) => stretched(y, k, size), x) : super.stretch(x, sizes);
  }
}

/** Each place of a volume repeated. */
export class UpSampling3D extends UpSampling {
  readonly type: string = "UpSampling3D";

  constructor(options: UpSamplingOptions) {
    super(options, 3);
  }
}

/** Each step repeated: [B, T, C] → [B, T · size, C]. @example upSampling1d({ size: 3 }) */
export function upSampling1d(options: UpSamplingOptions = {}): UpSampling1D {
  return new UpSampling1D(knownOptions("UpSampling1D", options, upSamplingNames));
}

/**
 * Each pixel repeated, or blended with its neighbours: [B, h, w, C] → [B, h · size, w · size, C].
 * @throws {ValueError} for an unknown interpolation.
 * @example upSampling2d({ size: [2, 1], interpolation: "bilinear" })
 */
export function upSampling2d(options: UpSampling2DOptions = {}): UpSampling2D {
  return new UpSampling2D(knownOptions("UpSampling2D", options, upSampling2DNames));
}

/** Each place repeated: [B, d, h, w, C] → [B, d · size, h · size, w · size, C]. @example upSampling3d({ size: 2 }) */
export function upSampling3d(options: UpSamplingOptions = {}): UpSampling3D {
  return new UpSampling3D(knownOptions("UpSampling3D", options, upSamplingNames));
}
