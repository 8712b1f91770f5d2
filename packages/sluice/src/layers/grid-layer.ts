import { ShapeError, ValueError } from "../errors.ts";
import { type Shape, showShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type CellSettings, checkCount } from "./cells/cell-options.ts";
import { type GridVisit, type GridWalk, gridMask, walkGrid } from "./grid-walk.ts";
import {
  type CallContext,
  type CallResult,
  Layer,
  type LayerOptions,
  oneOutput,
  type State,
  type SymbolicShape,
} from "./layer.ts";
import { withoutPadding } from "./linear-recurrence.ts";
import { layerNames, type NamesOf } from "./option-names.ts";

/** Options of every layer over a grid. */
export interface GridOptions extends LayerOptions {
  /** n: axes of the grid. Default 2, as of an image. */
  readonly dimensions?: number;
  /** Which axes are read from their end, one entry for each. Default none. */
  readonly goBackwards?: readonly boolean[];
  /** Give every output [B, …grid, H] in the input's order, or the last one that is used [B, H]. Default true. */
  readonly returnSequences?: boolean;
}

/** The names of `GridOptions`. */
export const gridNames: NamesOf<GridOptions> = {
  ...layerNames,
  dimensions: true,
  goBackwards: true,
  returnSequences: true,
};

/**
 * A layer that walks over a grid of n axes: a position reads its predecessor along each of them.
 * A mask is [B, D_1] or [B, D_1, …, D_n]. A masked position is as one outside the grid: its state is 0, and x may be anything. So
 * an image gives the same numbers wherever in a larger frame it stands.
 */
export abstract class GridLayer<O extends GridOptions = GridOptions, S extends State = State> extends Layer<O> {
  abstract readonly settings: CellSettings;
  readonly dimensions: number;

  /** @throws {ValueError} when `dimensions` is no whole number from 1 up, or `goBackwards` does not name a direction for each. */
  constructor(options: O, name: string, type: string) {
    super(options, name);
    const { dimensions = 2, goBackwards } = options;
    checkCount(dimensions, type, "dimensions");
    if (goBackwards && goBackwards.length !== dimensions) {
      throw new ValueError(
        `Cannot make ${type} with ${goBackwards.length} directions for ${dimensions} axes: give one for each.`,
      );
    }
    this.dimensions = dimensions;
  }

  /** What it does at each position of x. */
  protected abstract walkOver(x: Tensor): Omit<GridWalk<S>, "goBackwards" | "returnSequences">;

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const features = x.at(-1);
    const built = this.inputShapes[0]?.at(-1);
    if (x.length !== this.dimensions + 2 || typeof features !== "number" || (built !== undefined && built !== features)) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on shape ${showShape(x)}: it reads [batch, ${this.dimensions} axes, ${built ?? "a known number of"} features].`,
      );
    }
    const { returnSequences = true } = this.options;
    return returnSequences ? [...x.slice(0, -1), this.settings.units] : [x[0] ?? null, this.settings.units];
  }

  call(inputs: readonly Tensor[], context: CallContext): CallResult {
    return this.callBy((step) => step(), inputs, context);
  }

  /** `call`, with the step of every position run by `visit`: for inspection. */
  callBy(visit: GridVisit<S>, [input]: readonly Tensor[], { masks }: CallContext): CallResult {
    const { goBackwards = [], returnSequences = true } = this.options;
    const x = input as Tensor;
    const mask = this.maskOver(x.shape, masks[0] ?? null);
    const walk = { ...this.walkOver(x), goBackwards, returnSequences };
    return oneOutput(walkGrid(withoutPadding(x, mask), mask, walk, visit), returnSequences ? masks[0] : null);
  }

  /** The mask over all axes of the grid, [B, D_1, …, D_n]. @throws {ShapeError} when it is of another form. */
  maskOver(shape: Shape, mask: Tensor | null): Tensor | null {
    return mask && gridMask(this, mask, shape);
  }
}
