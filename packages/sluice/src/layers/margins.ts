import { crop, type Margin, zeroPad } from "../autograd/ops/pad.ts";
import { ShapeError, ValueError } from "../errors.ts";
import { showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CallContext, type CallResult, Layer, type LayerOptions, oneOutput, type SymbolicShape } from "./layer.ts";
import { knownOptions, layerNames, type NamesOf } from "./option-names.ts";
import { gridOf } from "./window-options.ts";

/** Positions at the ends: one number for all, or for each axis a number or [before, after]; for one axis [before, after] alone will do. */
export type Margins = number | readonly (number | Margin)[];

/** Options of the zero padding layers. */
export interface ZeroPaddingOptions extends LayerOptions {
  /** Zeros to lay around. Default 1. */
  readonly padding?: Margins;
}

const zeroPaddingNames: NamesOf<ZeroPaddingOptions> = { ...layerNames, padding: true };

/** Options of the cropping layers. */
export interface CroppingOptions extends LayerOptions {
  /** Positions to take away. Default 1. */
  readonly cropping?: Margins;
}

const croppingNames: NamesOf<CroppingOptions> = { ...layerNames, cropping: true };

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

/** The option as one margin an axis. @throws {ValueError} unless it is of the form of `Margins`. */
function marginsOf(value: Margins, rank: number, type: string, option: string): Margin[] {
  const isPair = (each: unknown): each is Margin => Array.isArray(each) && each.length === 2 && each.every(isCount);
  if (rank === 1 && isPair(value)) return [value];
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  if (list.length !== rank || !list.every((each) => isCount(each) || isPair(each))) {
    const pair = rank === 1 ? "[before, after]" : `a list of ${rank}, each a number or [before, after]`;
    throw new ValueError(
      `Cannot make ${type} with ${option} ${JSON.stringify(value)}: it is a whole number from 0 up, or ${pair}.`,
    );
  }
  return list.map((each) => (typeof each === "number" ? [each, each] : each));
}

/** Margins around, or off, the axes between batch and channels. A mask ends here: the length changes. */
abstract class Margined<O extends LayerOptions> extends Layer<O> {
  protected readonly margins: readonly Margin[];

  constructor(options: O, kind: readonly [name: string, type: string, option: string], rank: number, margins: Margins) {
    super(options, `${kind[0]}${rank}d`);
    this.margins = marginsOf(margins, rank, `${kind[1]}${rank}D`, kind[2]);
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const grid = gridOf(this, x, this.margins.length).map((size, k) =>
      size === null ? null : this.sizeWith(size, this.margins[k] as Margin, x),
    );
    return [x[0] ?? null, ...grid, x.at(-1) as number];
  }

  protected abstract sizeWith(size: number, margin: Margin, x: SymbolicShape): number;

  /** One margin for each axis of a tensor, batch and channels included. */
  protected get allMargins(): readonly Margin[] {
    return [[0, 0], ...this.margins, [0, 0]];
  }
}

/** Zeros around. */
abstract class ZeroPadding extends Margined<ZeroPaddingOptions> {
  constructor(options: ZeroPaddingOptions, rank: number) {
    super(options, ["zeroPadding", "ZeroPadding", "padding"], rank, options.padding ?? 1);
  }

  protected sizeWith(size: number, [before, after]: Margin): number {
    return size + before + after;
  }

  call([x]: readonly Tensor[], _context: CallContext): CallResult {
    return oneOutput(zeroPad(x as Tensor, this.allMargins));
  }
}

/** Positions at the ends taken away. */
abstract class Cropping extends Margined<CroppingOptions> {
  constructor(options: CroppingOptions, rank: number) {
    super(options, ["cropping", "Cropping", "cropping"], rank, options.cropping ?? 1);
  }

  protected sizeWith(size: number, [before, after]: Margin, x: SymbolicShape): number {
    if (before + after >= size) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on shape ${showShape(x)}: it takes ${before} + ${after} positions off an axis of ${size}, ` +
          "and something must stay. Crop less, or give it a larger input.",
      );
    }
    return size - before - after;
  }

  call([x]: readonly Tensor[], _context: CallContext): CallResult {
    return oneOutput(crop(x as Tensor, this.allMargins));
  }
}

/** Zeros around a sequence. */
export class ZeroPadding1D extends ZeroPadding {
  readonly type: string = "ZeroPadding1D";

  constructor(options: ZeroPaddingOptions) {
    super(options, 1);
  }
}

/** Zeros around an image. */
export class ZeroPadding2D extends ZeroPadding {
  readonly type: string = "ZeroPadding2D";

  constructor(options: ZeroPaddingOptions) {
    super(options, 2);
  }
}

/** Zeros around a volume. */
export class ZeroPadding3D extends ZeroPadding {
  readonly type: string = "ZeroPadding3D";

  constructor(options: ZeroPaddingOptions) {
    super(options, 3);
  }
}

/** Positions taken off the ends of a sequence. */
export class Cropping1D extends Cropping {
  readonly type: string = "Cropping1D";

  constructor(options: CroppingOptions) {
    super(options, 1);
  }
}

/** Positions taken off the ends of an image. */
export class Cropping2D extends Cropping {
  readonly type: string = "Cropping2D";

  constructor(options: CroppingOptions) {
    super(options, 2);
  }
}

/** Positions taken off the ends of a volume. */
export class Cropping3D extends Cropping {
  readonly type: string = "Cropping3D";

  constructor(options: CroppingOptions) {
    super(options, 3);
  }
}

/** Zeros around a sequence: [B, T, C] → [B, T + …, C]. @throws {ValueError} for a margin that is no whole number ≥ 0. @example zeroPadding1d({ padding: [2, 0] }) */
export function zeroPadding1d(options: ZeroPaddingOptions = {}): ZeroPadding1D {
  return new ZeroPadding1D(knownOptions("ZeroPadding1D", options, zeroPaddingNames));
}

/** Zeros around an image: [B, h, w, C] → [B, h + …, w + …, C]. @throws {ValueError} for a margin that is no whole number ≥ 0. @example zeroPadding2d({ padding: [1, [0, 2]] }) */
export function zeroPadding2d(options: ZeroPaddingOptions = {}): ZeroPadding2D {
  return new ZeroPadding2D(knownOptions("ZeroPadding2D", options, zeroPaddingNames));
}

/** Zeros around a volume: [B, d, h, w, C] → [B, d + …, h + …, w + …, C]. @throws {ValueError} for a margin that is no whole number ≥ 0. @example zeroPadding3d({ padding: 1 }) */
export function zeroPadding3d(options: ZeroPaddingOptions = {}): ZeroPadding3D {
  return new ZeroPadding3D(knownOptions("ZeroPadding3D", options, zeroPaddingNames));
}

/** Without its ends, a sequence: [B, T, C] → [B, T − …, C]. @throws {ValueError} for a margin that is no whole number ≥ 0. @example cropping1d({ cropping: [2, 0] }) */
export function cropping1d(options: CroppingOptions = {}): Cropping1D {
  return new Cropping1D(knownOptions("Cropping1D", options, croppingNames));
}

/** Without its ends, an image: [B, h, w, C] → [B, h − …, w − …, C]. @throws {ValueError} for a margin that is no whole number ≥ 0. @example cropping2d({ cropping: [1, [0, 2]] }) */
export function cropping2d(options: CroppingOptions = {}): Cropping2D {
  return new Cropping2D(knownOptions("Cropping2D", options, croppingNames));
}

/** Without its ends, a volume: [B, d, h, w, C] → [B, d − …, h − …, w − …, C]. @throws {ValueError} for a margin that is no whole number ≥ 0. @example cropping3d({ cropping: 1 }) */
export function cropping3d(options: CroppingOptions = {}): Cropping3D {
  return new Cropping3D(knownOptions("Cropping3D", options, croppingNames));
}
