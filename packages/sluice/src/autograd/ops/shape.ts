import type { View } from "../../backend/kernels.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import {
  broadcastShapes,
  broadcastStrides,
  normalizeAxis,
  type Shape,
  sameShape,
  showShape,
  sizeOf,
  stridesOf,
} from "../../tensor/shape.ts";
import { allocate, type Tensor, view } from "../../tensor/tensor.ts";
import { defineOp } from "../tape.ts";

const reshapeOp = defineOp({
  name: "reshape",
  forward: (x: Tensor, shape: Shape) => ({ output: view(x, shape), saved: x.shape }),
  backward: (dy, shape) => [view(dy, shape)],
});

/**
 * The same numbers in row-major order under another shape.
 * @param shape one size may be −1 and is then worked out.
 * @throws {ShapeError} when the sizes do not multiply to the same number.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter((size) => size !== -1));
  const target = shape.map((size) => (size === -1 ? x.size / known : size));
  if (shape.filter((size) => size === -1).length > 1 || !target.every(Number.isInteger) || sizeOf(target) !== x.size) {
    throw new ShapeError(
      `Cannot reshape ${showShape(x.shape)} to ${showShape(shape)}: ${x.size} elements must stay ${x.size}, and at most one size may be -1.`,
    );
  }
  return sameShape(target, x.shape) ? x : reshapeOp(x, target);
}

/** x with an axis of size 1 inserted before `axis`; negative positions count from the end. @throws {ShapeError} for a position out of range. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis(axis, x.rank + 1, "insert an axis");
  return reshape(x, x.shape.toSpliced(at, 0, 1));
}

/** Without the axis. @throws {ShapeError} when its size is not 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis(axis, x.rank, "squeeze");
  if (x.shape[at] !== 1) throw new ShapeError(`Cannot squeeze axis ${axis} of ${showShape(x.shape)}: its size must be 1.`);
  return reshape(x, x.shape.toSpliced(at, 1));
}

/** A strided copy into a fresh dense tensor. */
function gatherView(x: Tensor, xView: View, shape: Shape): Tensor {
  const out = allocate(shape, x.backend);
  x.backend.kernels.copy(x.storage, xView, out.storage, { offset: 0, strides: stridesOf(shape) }, shape, false);
  return out;
}

/** The opposite way: a zero tensor of `shape` with dy added where `xView` points. */
function scatterView(dy: Tensor, xView: View, shape: Shape): Tensor {
  const out = allocate(shape, dy.backend);
  const { kernels } = dy.backend;
  kernels.fill(out.storage, 0);
  kernels.copy(dy.storage, { offset: 0, strides: stridesOf(dy.shape) }, out.storage, xView, dy.shape, true);
  return out;
}

const viewOp = defineOp({
  name: "copy",
  forward: (x: Tensor, xView: View, shape: Shape) => ({ output: gatherView(x, xView, shape), saved: { xView, from: x.shape } }),
  backward: (dy, { xView, from }) => [scatterView(dy, xView, from)],
});

/** x repeated along new or size-1 axes until it has `shape`. */
export const broadcastTo: (x: Tensor, shape: Shape) => Tensor = (x, shape) => {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes(x.shape, shape, "broadcast"), shape)) {
    throw new ShapeError(
      `Cannot broadcast ${showShape(x.shape)} to ${showShape(shape)}: an axis of x is longer than the target's.`,
    );
  }
  return broadcastOp(x, shape);
};

const broadcastOp = defineOp({
  name: "broadcastTo",
  forward: (x: Tensor, shape: Shape) => ({
    output: gatherView(x, { offset: 0, strides: broadcastStrides(x.shape, shape) }, shape),
    saved: { xView: { offset: 0, strides: broadcastStrides(x.shape, shape) }, from: x.shape },
  }),
  // Repeated places add up, because the copy accumulates.
  backward: (dy, { xView, from }) => [scatterView(dy, xView, from)],
});

/** Axes in a new order; reversed when `order` is left out (the matrix transpose). */
export function transpose(x: Tensor, order: readonly number[] = x.shape.map((_, k) => x.rank - 1 - k)): Tensor {
  const axes = order.map((axis) => normalizeAxis(axis, x.rank, "transpose"));
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw new ShapeError(
      `Cannot transpose ${showShape(x.shape)} by [${order.join(", ")}]: the order names each of the ${x.rank} axes once.`,
    );
  }
  if (axes.every((axis, k) => axis === k)) return x;
  const strides = stridesOf(x.shape);
  return viewOp(
    x,
    { offset: 0, strides: axes.map((axis) => strides[axis] as number) },
    axes.map((axis) => x.shape[axis] as number),
  );
}

/** Entries `begin` … `end` − 1 along one axis; negative positions count from the end. */
export function slice(x: Tensor, begin: number, end?: number, { axis = 0 }: { readonly axis?: number } = {}): Tensor {
  const at = normalizeAxis(axis, x.rank, "slice");
  const size = x.shape[at] as number;
  const from = begin < 0 ? begin + size : begin;
  const to = end === undefined ? size : end < 0 ? end + size : end;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > size || from > to) {
    throw new ShapeError(
      `Cannot slice axis ${axis} of ${showShape(x.shape)} from ${begin} to ${end ?? size}: positions lie in 0 … ${size}, begin before end.`,
    );
  }
  if (from === 0 && to === size) return x;
  const strides = stridesOf(x.shape);
  return viewOp(x, { offset: from * (strides[at] as number), strides }, x.shape.with(at, to - from));
}

/** Entries in reverse order along one axis. */
export function reverse(x: Tensor, axis = 0): Tensor {
  const at = normalizeAxis(axis, x.rank, "reverse");
  const strides = stridesOf(x.shape);
  const step = strides[at] as number;
  const offset = Math.max(0, (x.shape[at] as number) - 1) * step;
  return viewOp(x, { offset, strides: strides.with(at, -step) }, x.shape);
}

/** `count` equal parts along one axis. */
export function split(x: Tensor, count: number, { axis = -1 }: { readonly axis?: number } = {}): Tensor[] {
  const at = normalizeAxis(axis, x.rank, "split");
  const size = (x.shape[at] as number) / count;
  if (!Number.isInteger(size)) {
    throw new ShapeError(
      `Cannot split axis ${axis} of ${showShape(x.shape)} into ${count} equal parts: ${x.shape[at]} is not a multiple of ${count}.`,
    );
  }
  return Array.from({ length: count }, (_, k) => slice(x, k * size, (k + 1) * size, { axis: at }));
}

const concatOp = defineOp({
  name: "concat",
  forward: (axis: number, ...parts: readonly Tensor[]) => {
    const first = parts[0] as Tensor;
    const total = parts.reduce((length, part) => length + (part.shape[axis] as number), 0);
    const out = allocate(first.shape.with(axis, total), first.backend);
    const strides = stridesOf(out.shape);
    let at = 0;
    for (const part of parts) {
      const outView = { offset: at * (strides[axis] as number), strides };
      first.backend.kernels.copy(
        part.storage,
        { offset: 0, strides: stridesOf(part.shape) },
        out.storage,
        outView,
        part.shape,
        false,
      );
      at += part.shape[axis] as number;
    }
    return { output: out, saved: { axis, sizes: parts.map((part) => part.shape[axis] as number) } };
  },
  backward: (dy, { axis, sizes }) => {
    let at = 0;
    return [
      null,
      ...sizes.map((size) => {
        at += size;
        return slice(dy, at - size, at, { axis });
      }),
    ];
  },
});

/** Tensors laid one behind the other along `axis` (default the last). @throws {ShapeError} when other axes differ. */
export function concat(parts: readonly Tensor[], { axis = -1 }: { readonly axis?: number } = {}): Tensor {
  const first = parts[0];
  if (!first) throw new ValueError("Cannot concatenate an empty list: give at least one tensor.");
  const at = normalizeAxis(axis, first.rank, "concatenate");
  for (const part of parts) {
    if (part.rank !== first.rank || !part.shape.every((size, k) => k === at || size === first.shape[k])) {
      throw new ShapeError(
        `Cannot concatenate ${showShape(first.shape)} and ${showShape(part.shape)} along axis ${axis}: every other axis must agree.`,
      );
    }
  }
  return parts.length === 1 ? first : concatOp(at, ...parts);
}

/** Tensors of one shape along a new axis (default the first). */
export function stack(parts: readonly Tensor[], { axis = 0 }: { readonly axis?: number } = {}): Tensor {
  return concat(
    parts.map((part) => expandDims(part, axis)),
    { axis },
  );
}
