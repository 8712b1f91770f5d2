import { dropoutMask } from "../../autograd/ops/dropout.ts";
import { ShapeError } from "../../errors.ts";
import { type Shape, sameShape, showShape } from "../../tensor/shape.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { CallContext, LayerOptions, SymbolicShape } from "../layer.ts";
import { gridOf } from "../window-options.ts";
import { Cell, noDropout, type StepDropout } from "./cell.ts";
import type { LSTMState } from "./lstm-cell.ts";

/**
 * An LSTM whose state is a grid of vectors, as of an image: x [B, …D, I] → h and c [B, …grid, channels]. The grid follows from the
 * first shape the cell is told of, and stays: sizes are fixed, the batch is free.
 */
export abstract class GridCell<O extends LayerOptions> extends Cell<O, LSTMState> {
  /** Axes of the grid. */
  protected readonly rank: number;
  /** Numbers at each place of h and c. */
  protected readonly channels: number;
  private grid: Shape = [];

  constructor(options: O, defaultName: string, rank: number, channels: number) {
    super(options, defaultName);
    this.rank = rank;
    this.channels = channels;
  }

  get stateShapes(): Readonly<Record<keyof LSTMState, Shape>> {
    const shape = [...this.grid, this.channels];
    return { hiddenState: shape, cellState: shape };
  }

  override get inputRank(): number {
    return this.rank + 2;
  }

  /** The grid of h for an x whose grid is this. */
  protected gridAfter(grid: Shape): Shape {
    return grid;
  }

  override outputShape([x = []]: readonly SymbolicShape[]): SymbolicShape {
    const sizes = gridOf(this, x, this.rank);
    if (sizes.includes(null)) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on shape ${showShape(x)}: its state has the size of its input, so all but the batch must be known.`,
      );
    }
    const grid = this.gridAfter(sizes as Shape);
    if (!this.built) this.grid = grid;
    else if (!sameShape(grid, this.grid)) {
      throw new ShapeError(
        `Cannot run ${this.type} "${this.name}" on shape ${showShape(x)}: it was built for ${showShape(this.inputShapes[0] ?? [])}. Make a new layer for another size.`,
      );
    }
    return [x[0] ?? null, ...grid, this.channels];
  }

  /** Masks on x, and on h for each of the four gates. */
  protected drawGridDropout(x: Shape, context: CallContext, dropout: number, recurrentDropout: number): StepDropout {
    if (!context.training) return noDropout;
    const draw = (shape: Shape, rate: number, purpose: string): Tensor =>
      dropoutMask(shape, rate, this.randomKey(purpose, context.step), this.backend);
    const hidden = [x[0] as number, ...this.stateShapes.hiddenState];
    return {
      input: dropout > 0 ? draw(x, dropout, "dropout") : null,
      recurrent: recurrentDropout > 0 ? [0, 1, 2, 3].map((k) => draw(hidden, recurrentDropout, `recurrentDropout/${k}`)) : [],
    };
  }
}
