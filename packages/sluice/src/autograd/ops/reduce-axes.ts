import type { ReduceName } from "../../backend/kernels.ts";
import { type Shape, sameShape, sizeOf } from "../../tensor/shape.ts";
import { allocate, type Tensor, view } from "../../tensor/tensor.ts";

/** Reduces axis by axis, innermost first: each is [outer, n, inner] → [outer, inner]. */
export function reduceAxes(name: ReduceName, x: Tensor, axes: readonly number[]): Tensor {
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

/** Undoes a broadcast: sums `x` down to `shape`. For backward passes; nothing is recorded. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.flatMap((size, k) => (k < lead || (shape[k - lead] === 1 && size !== 1) ? [k] : []));
  return view(reduceAxes("sum", x, axes), shape);
}
