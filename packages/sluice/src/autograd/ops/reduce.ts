import { normalizeAxis, type Shape } from "../../tensor/shape.ts";
import { type Tensor, view } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import { divide, equal, multiply } from "./elementwise.ts";
import { reduceAxes } from "./reduce-axes.ts";
import { broadcastTo, reshape } from "./shape.ts";

/** Options of `reduce`. */
export interface ReduceOptions {
  /** The axis or axes that go away; all of them when left out. */
  readonly axis?: number | readonly number[];
  /** Keep reduced axes with size 1. Default false. */
  readonly keepDims?: boolean;
}

function axesOf(x: Tensor, axis: ReduceOptions["axis"], attempted: string): number[] {
  const axes = axis === undefined ? x.shape.map((_, k) => k) : typeof axis === "number" ? [axis] : axis;
  return axes.map((a) => normalizeAxis(a, x.rank, attempted));
}

/** All axes are summed as one run, so a full sum costs one kernel call. */
function flattenWhenFull(x: Tensor, axes: readonly number[]): { x: Tensor; axes: readonly number[] } {
  return axes.length === x.rank && x.rank > 1 ? { x: view(x, [x.size]), axes: [0] } : { x, axes };
}

const sumOp = defineOp({
  name: "sum",
  forward: (x: Tensor, axes: readonly number[]) => {
    const run = flattenWhenFull(x, axes);
    return { output: reduceAxes("sum", run.x, run.axes), saved: { shape: x.shape, axes } };
  },
  backward: (dy, { shape, axes }) => [broadcastTo(view(dy, keptShape(shape, axes)), shape)],
});

const maxOp = defineOp({
  name: "max",
  forward: (x: Tensor, axes: readonly number[]) => {
    const y = reduceAxes("max", x, axes);
    return { output: y, saved: { x, y, axes } };
  },
  backward: (dy, { x, y, axes }) => {
    const kept = keptShape(x.shape, axes);
    const hit = equal(x, view(y, kept)); // 1 at each place that holds the maximum
    const share = divide(hit, view(reduceAxes("sum", hit, axes), kept));
    return [multiply(share, view(dy, kept))]; // ties share the gradient
  },
});

function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((size, k) => (axes.includes(k) ? 1 : size));
}

function withKeptDims(y: Tensor, x: Tensor, axes: readonly number[], keepDims: boolean): Tensor {
  return keepDims ? reshape(y, keptShape(x.shape, axes)) : y;
}

/** Σ over the axes. */
export function sum(x: Tensor, { axis, keepDims = false }: ReduceOptions = {}): Tensor {
  const axes = axesOf(x, axis, "sum");
  return withKeptDims(sumOp(x, axes), x, axes, keepDims);
}

/** The arithmetic mean over the axes. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const count = axesOf(x, options.axis, "average").reduce((product, axis) => product * (x.shape[axis] as number), 1);
  return divide(sum(x, options), count);
}

/** The largest element over the axes; ties share the gradient. */
export function max(x: Tensor, { axis, keepDims = false }: ReduceOptions = {}): Tensor {
  const axes = axesOf(x, axis, "take the maximum");
  return withKeptDims(maxOp(x, axes), x, axes, keepDims);
}
