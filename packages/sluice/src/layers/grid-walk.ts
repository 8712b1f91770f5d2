import { where } from "../autograd/ops/elementwise.ts";
import { reshape, reverse, stack } from "../autograd/ops/shape.ts";
import { ShapeError } from "../errors.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Layer, State } from "./layer.ts";
import { spread, unstackTime } from "./scan.ts";

/** What a layer over a grid does at its positions. S is what a position leaves to those that follow. */
export interface GridWalk<S extends State> {
  /** Which axes are read from their end. */
  readonly goBackwards: readonly boolean[];
  /** Give every output, or the last one that is used. */
  readonly returnSequences: boolean;
  /** What stands outside the grid, and at masked positions. */
  readonly none: S;
  /** What is computed at all positions at once: [..., I] → [..., P]. */
  readonly project: (x: Tensor) => Tensor;
  /** One position [B, P], from its predecessor along each axis. */
  step(projected: Tensor, before: readonly S[]): S;
  /** What a position shows, [B, H]. */
  output(state: S): Tensor;
}

/** Runs the step of a position: `place` is its number in the input's grid, row by row, and `none` what a masked row holds. */
export type GridVisit<S extends State> = (step: () => S, place: number, none: S) => S;

/** Walks x [B, D_1, …, D_n, I] position by position, the last axis fastest: [B, D_1, …, D_n, H] in the input's order, or [B, H]. */
export function walkGrid<S extends State>(input: Tensor, mask: Tensor | null, walk: GridWalk<S>, visit: GridVisit<S>): Tensor {
  const { goBackwards, returnSequences, none } = walk;
  const output = (state: S): Tensor => walk.output(state);
  const turned = (x: Tensor): Tensor => goBackwards.reduce((y, back, k) => (back ? reverse(y, k + 1) : y), x);
  const x = turned(input);
  const [B, ...grid] = x.shape.slice(0, -1) as [number, ...number[]];
  const steps = unstackTime(reshape(walk.project(x), [B, sizeOf(grid), -1]));
  const uses = mask ? unstackTime(reshape(turned(mask), [B, sizeOf(grid)])) : null;
  const strides = grid.map((_, k) => sizeOf(grid.slice(k + 1)));
  const places: S[] = [];
  let last = output(none);
  steps.forEach((projected, p) => {
    const position = strides.map((stride, k) => Math.floor(p / stride) % (grid[k] as number));
    const before = strides.map((stride, k) => ((position[k] as number) > 0 ? (places[p - stride] as S) : none));
    const place = strides.reduce((sum, stride, k) => {
      const at = position[k] as number;
      return sum + stride * (goBackwards[k] ? (grid[k] as number) - 1 - at : at);
    }, 0);
    const next = visit(() => walk.step(projected, before), place, none);
    const use = uses?.[p];
    const kept = use ? chosen(use, next, none) : next;
    places.push(kept);
    last = use ? where(spread(use, last.shape), output(kept), last) : output(kept);
  });
  if (!returnSequences) return last;
  const shown = places.map(output);
  return turned(reshape(stack(shown, { axis: 1 }), [B, ...grid, ...last.shape.slice(1)]));
}

/** The one state where the position is used, the other where it is masked.   use [B]. */
function chosen<S extends State>(use: Tensor, next: S, none: S): S {
  return Object.fromEntries(
    Object.entries(next).map(([name, part]) => [name, where(spread(use, part.shape), part, none[name] as Tensor)]),
  ) as unknown as S;
}

/** A mask [B, D_1] or [B, D_1, …, D_n] over all axes of the grid. @throws {ShapeError} when it has another form. */
export function gridMask(layer: Layer, mask: Tensor, shape: Shape): Tensor {
  const places = shape.slice(0, -1);
  const wanted = places.slice(0, mask.rank);
  if ((mask.rank !== 2 && mask.rank !== places.length) || !sameShape(mask.shape, wanted)) {
    throw new ShapeError(
      `Cannot run ${layer.type} "${layer.name}" with a mask of shape ${showShape(mask.shape)}: for this input it is ${showShape(places)}, ` +
        `or ${showShape(places.slice(0, 2))} along the first axis; 1 = use the position, 0 = padding.`,
    );
  }
  return mask.rank === places.length ? mask : spread(mask, places);
}
