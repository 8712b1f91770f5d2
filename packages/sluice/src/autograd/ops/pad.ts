import { type Shape, stridesOf } from "../../tensor/shape.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";

/** How many positions stand before and after what an axis had. */
export type Margin = readonly [before: number, after: number];

/** The inner part of `outer` as a view, behind the margins. */
function innerView(outer: Shape, margins: readonly Margin[]): { offset: number; strides: number[] } {
  const strides = stridesOf(outer);
  return { offset: margins.reduce((at, [before], k) => at + before * (strides[k] as number), 0), strides };
}

const dense = (shape: Shape) => ({ offset: 0, strides: stridesOf(shape) });

/** x with zeros around. */
function surrounded(x: Tensor, margins: readonly Margin[]): Tensor {
  const outer = x.shape.map((size, k) => size + (margins[k] as Margin)[0] + (margins[k] as Margin)[1]);
  const out = allocate(outer, x.backend);
  x.backend.kernels.fill(out.storage, 0);
  x.backend.kernels.copy(x.storage, dense(x.shape), out.storage, innerView(outer, margins), x.shape, false);
  return out;
}

/** What stands behind the margins of x. */
function inner(x: Tensor, margins: readonly Margin[]): Tensor {
  const shape = x.shape.map((size, k) => size - (margins[k] as Margin)[0] - (margins[k] as Margin)[1]);
  const out = allocate(shape, x.backend);
  x.backend.kernels.copy(x.storage, innerView(x.shape, margins), out.storage, dense(shape), shape, false);
  return out;
}

/** x with zeros before and after along each axis; one margin an axis. */
export const zeroPad: (x: Tensor, margins: readonly Margin[]) => Tensor = defineOp({
  name: "zeroPad",
  forward: (x: Tensor, margins: readonly Margin[]) => ({ output: surrounded(x, margins), saved: margins }),
  backward: (dy, margins) => [inner(dy, margins)],
});

/** x without its margins, one an axis, which are together at most as long as the axis. */
export const crop: (x: Tensor, margins: readonly Margin[]) => Tensor = defineOp({
  name: "crop",
  forward: (x: Tensor, margins: readonly Margin[]) => ({ output: inner(x, margins), saved: margins }),
  backward: (dy, margins) => [surrounded(dy, margins)],
});
