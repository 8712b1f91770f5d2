import type { ReduceName } from "../../backend/kernels.ts";
import { normalizeAxis, type Shape, sameShape, sizeOf } from "../../tensor/shape.ts";
import { allocate, type Tensor, view } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";
import { divide, equal, multiply } from "./elementwise.ts";
import { broadcastTo, reshape } from "./shape.ts";

export interface ReduceOptions {
  /** The axis or axes that go away; all of them when left out. */
  readonly axis?: number | readonly number[];
  /** Keep reduced axes with size 1. Default false. */
  readonly keepDims?: boolean;
}

/** Reduces axis by axis, innermost first: each is [outer, n, inner] → [outer, inner]. */
function reduceAxes(name: ReduceName, x: Tensor, axes: readonly number[]): Tensor {
  let out = x;
  for (const axis of [...axes].sort((a, b) => b - a)) {
    const n = out.shape[axis] as number;
    const outer = sizeOf(out.shape.slice(0, axis));
    const inner = sizeOf(out.shape.slice(axis + 1));
    const reduced = allocate(out.shape.toSpliced(axis, 1), x.backend);
    x.backend.kernels.reduce(name, out.storage, reduced.storage, outer, n, inner);
    out = reduced;
  }
  return out;
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

/** Undoes a broadcast: sums `x` down to `shape`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((size, k) => (k < lead || (shape[k - lead] === 1 && size !== 1) ? [k] : []));
  return view(sum(x, { axis: axes }), shape);
}
